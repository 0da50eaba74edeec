import { screen } from "@testing-library/react";
import { expect, it, vi } from "vitest";
import { loadMessages } from "@/messages";
import { quietClient, showAt } from "@/test-page";
import DatasetPage from "./DatasetPage";

vi.mock("@/shared/scope", async (original) => ({ ...(await original<object>()), usePathParam: () => "d1" }));

it.each([
  ["may add events", true],
  ["may only look", false],
])("says once in Settings that the dataset is somebody else's to one who %s", async (_, canWrite) => {
  vi.stubGlobal("matchMedia", () => ({ matches: false, addEventListener: vi.fn(), removeEventListener: vi.fn() }));
  vi.stubGlobal("ResizeObserver", class { observe = vi.fn(); unobserve = vi.fn(); disconnect = vi.fn(); });
  vi.spyOn(globalThis, "fetch").mockImplementation(() => new Promise(() => undefined));
  await loadMessages("data");
  const client = quietClient();
  const access = { can_analyse: false, can_write: canWrite, can_manage: false };
  const dataset = { id: "d1", name: "Web shop", owner: "Linh", events: 0, fields: [], case: "customer", session_gap_minutes: null, goal_activity: null, time_zone: "UTC", version: 1, access };
  client.setQueryData(["datasets"], [dataset]);
  client.setQueryData(["datasets", "d1"], dataset);
  showAt("/data/datasets/d1?tab=settings", <DatasetPage />, client);
  await screen.findAllByText(/^You can see Web shop but not change it/);
  expect(screen.getAllByText(/^You can see Web shop but not change it/)).toHaveLength(1);
});

it.each([
  [0, [], "The events carry a session id."],
  [9, ["session_id"], "The events carry a session id."],
  [9, ["device_category"], "No event here carries a session id: each customer would count as one session."],
])("says of %i events with the fields %j what a session by its id would be", async (events, fields, text) => {
  vi.stubGlobal("matchMedia", () => ({ matches: false, addEventListener: vi.fn(), removeEventListener: vi.fn() }));
  vi.stubGlobal("ResizeObserver", class { observe = vi.fn(); unobserve = vi.fn(); disconnect = vi.fn(); });
  vi.spyOn(globalThis, "fetch").mockImplementation(() => new Promise(() => undefined));
  await loadMessages("data");
  const client = quietClient();
  const access = { can_see: true, can_analyse: true, can_write: true, can_manage: true };
  const dataset = { id: "d1", name: "Web shop", owner: "Linh", events, fields, case: "customer", session_gap_minutes: null, goal_activity: null, time_zone: "UTC", version: 1, access };
  client.setQueryData(["datasets"], [dataset]);
  client.setQueryData(["datasets", "d1"], dataset);
  showAt("/data/datasets/d1?tab=settings", <DatasetPage />, client);
  expect((await screen.findByRole("radio", { name: "One session, by its id" })).closest(".mantine-Radio-root")?.textContent).toContain(text);
});
