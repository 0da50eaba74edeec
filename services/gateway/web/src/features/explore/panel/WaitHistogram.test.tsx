import { screen } from "@testing-library/react";
import { expect, it, vi } from "vitest";
import { loadMessages } from "@/messages";
import { quietClient, showAt } from "@/test-page";
import { graphOf } from "../test/samples";
import { WaitHistogram } from "./WaitHistogram";

it("says why the waits of a path are not shown", async () => {
  vi.stubGlobal("matchMedia", () => ({ matches: false, addEventListener: vi.fn(), removeEventListener: vi.fn() }));
  const refused = { reason: "question_too_large", detail: "This question needs too much memory." };
  vi.spyOn(globalThis, "fetch").mockImplementation(() => Promise.resolve(new Response(JSON.stringify(refused), { status: 429, headers: { "content-type": "application/problem+json" } })));
  await loadMessages("explore", "filters");
  const client = quietClient();
  client.setQueryData(["datasets"], [{ id: "d1", name: "Shop", case: "customer", session_gap_minutes: 30, fields: [], access: { can_analyse: true } }]);
  const [path] = graphOf([["a", "b"]]).edges;
  showAt("/explore/map?dataset=d1", path && <WaitHistogram path={path} kept={["a", "b"]} />, client);
  expect(await screen.findByText(/This question needs too much memory\./)).toBeTruthy();
});

it("says that the names of the steps are too long to ask for", async () => {
  vi.stubGlobal("matchMedia", () => ({ matches: false, addEventListener: vi.fn(), removeEventListener: vi.fn() }));
  await loadMessages("explore", "filters");
  const client = quietClient();
  client.setQueryData(["datasets"], [{ id: "d1", name: "Shop", case: "customer", session_gap_minutes: 30, fields: [], access: { can_analyse: true } }]);
  const [path] = graphOf([["a", "b"]]).edges;
  showAt("/explore/map?dataset=d1", path && <WaitHistogram path={path} kept={["a", "b", "ă".repeat(11_000)]} />, client);
  expect(await screen.findByText(/Show fewer steps/)).toBeTruthy();
});
