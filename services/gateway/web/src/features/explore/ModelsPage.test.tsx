import { screen } from "@testing-library/react";
import type { ReactNode } from "react";
import { expect, it, vi } from "vitest";
import type { Analysis } from "@/api/types";
import { loadMessages } from "@/messages";
import { quietClient, showAt } from "@/test-page";
import ModelsPage from "./ModelsPage";
import { graphOf } from "./test/samples";

vi.mock("./draw/layoutClient", () => ({ warmUpLayout: vi.fn() }));
vi.mock("./ExploreLayout", () => ({
  ExploreTabs: () => null,
  WhenReady: ({ children }: { children: (ready: unknown) => ReactNode }) =>
    children({ dataset: { id: "d1", name: "Shop" }, full: graphOf([["a", "b"]]), isStale: false }),
}));

const shop = { id: "d1", name: "Shop", case: "session", session_gap_minutes: 30, fields: [] };

const analysis = (id: string, kind: string): Partial<Analysis> => ({
  ...{ id, kind: kind as Analysis["kind"], dataset_id: "d1", case: "customer", cases: 600, finished_at: "2026-01-01T10:00:00Z" },
  ...{ from: "2024-01-06", to: null, filter: ["step:cart"] },
});

async function show(items: Partial<Analysis>[]): Promise<string[]> {
  const asked: string[] = [];
  vi.stubGlobal("matchMedia", () => ({ matches: false, addEventListener: vi.fn(), removeEventListener: vi.fn() }));
  vi.stubGlobal("ResizeObserver", class { observe = vi.fn(); unobserve = vi.fn(); disconnect = vi.fn(); });
  vi.spyOn(globalThis, "fetch").mockImplementation((input) => {
    asked.push(String(input instanceof Request ? input.url : input));
    return Promise.resolve(new Response(JSON.stringify({ items, next_cursor: null }), { headers: { "content-type": "application/json" } }));
  });
  await loadMessages("explore");
  const client = quietClient();
  client.setQueryData(["datasets"], [shop]);
  showAt("/explore/models", <ModelsPage />, client);
  return asked;
}

it("offers the models of the dataset that were built before, each with the scope it was built in", async () => {
  const graphs = ["directly_follows", "alpha", "directly_follows", ...Array.from({ length: 7 }, () => "inductive_tree")];
  const asked = await show(graphs.map((kind, index) => analysis(`m${index}`, kind)));
  await screen.findByText("Open a model or build a new one");
  const links = screen.getAllByRole("link").filter((link) => link.getAttribute("href")?.includes("analysis="));
  expect(links.map((link) => link.getAttribute("href")?.split("analysis=")[1])).toEqual(["m1", "m3", "m4", "m5", "m6"]);
  expect(links[0]?.getAttribute("href")).toContain("from=2024-01-06");
  expect(links[0]?.textContent).toContain("600 customers");
  expect(asked.filter((url) => url.includes("/analyses?"))).toEqual([expect.stringContaining("status=succeeded&status=partial")]);
});

const stored = { ...analysis("m0", "alpha"), status: "failed", dataset_name: "Shop", case: "session", session_gap_minutes: 45, filter: ["step:cart", "way:a>b"] };

it.each([
  ["from=2024-01-06&f=way:a>b&f=step:cart&pause=45", true],
  ["from=2024-01-06&f=way:a>b&f=step:cart", false],
  ["from=2024-01-06&f=step:cart&pause=45", false],
  ["from=2024-01-06&f=way:a>b&f=step:cart&case=customer", false],
  ["f=way:a>b&f=step:cart&pause=45", false],
])("says of a model opened at %s whether that is what it was built from: %s", async (scope, isSame) => {
  vi.stubGlobal("matchMedia", () => ({ matches: false, addEventListener: vi.fn(), removeEventListener: vi.fn() }));
  await loadMessages("explore");
  const client = quietClient();
  client.setQueryData(["datasets"], [shop]);
  client.setQueryData(["analyses", "m0"], stored);
  showAt(`/explore/models?dataset=d1&${scope}&analysis=m0`, <ModelsPage />, client);
  await screen.findByText("Alpha model", { selector: "h2" });
  const way = screen.queryByRole("link", { name: "Show what it was built from" });
  expect(way === null).toBe(isSame);
  if (way) expect(way.getAttribute("href")).toBe("/explore/models?dataset=d1&from=2024-01-06&f=step:cart&f=way:a>b&case=session&pause=45&analysis=m0");
});

it("says what to do when there is none", async () => {
  await show([analysis("m0", "directly_follows")]);
  expect(await screen.findByText("No model yet")).toBeTruthy();
});
