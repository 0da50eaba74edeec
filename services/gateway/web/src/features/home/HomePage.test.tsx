import { screen } from "@testing-library/react";
import { afterEach, beforeAll, expect, it, vi } from "vitest";
import { api } from "@/api/client";
import { datasetsQuery } from "@/api/hooks";
import { loadMessages } from "@/messages";
import { quietClient, showAt } from "@/test-page";
import HomePage from "./HomePage";

beforeAll(async () => {
  vi.stubGlobal("matchMedia", () => ({ matches: false, addEventListener: vi.fn(), removeEventListener: vi.fn() }));
  await loadMessages("home");
});
afterEach(() => vi.restoreAllMocks());

const dataset = { id: "d1", name: "Web shop", case: "session", events: 10, customers: 4, activities: 2, goal_activity: "purchase", time_zone: "UTC", fields: [], access: { can_analyse: true } };
const home = { customers: 4, touchpoints: 10, newest: [], actions: [], channels: [], device_categories: [], last_days: [{ date: "2024-01-01", customers: 4, touchpoints: 10 }, { date: "2024-01-02", customers: 1, touchpoints: 2 }] };

function show(graph: () => Promise<unknown>) {
  const get = vi.spyOn(api, "get").mockImplementation((path) => (path === "/home" ? Promise.resolve(home) : path.endsWith("/directly-follows") ? graph() : Promise.resolve({ items: [], next_cursor: null })));
  const client = quietClient();
  client.setQueryData(datasetsQuery.queryKey, [dataset] as never);
  showAt("/?dataset=d1&from=2024-01-01&to=2024-01-01&f=step:cart", <HomePage />, client);
  return get;
}

it("tells how many journeys reach the goal, of all time like the tiles beside it", async () => {
  const get = show(() => Promise.resolve({ cases: 1295, nodes: [{ activity: "cart", cases: 900 }, { activity: "purchase", cases: 126 }] }));
  await screen.findByText("9.7%");
  await screen.findByText("126 of 1,295 sessions");
  await screen.findByText(/Per day over the last 2 days\. 1 customer on/);
  expect(get).toHaveBeenCalledWith("/datasets/d1/directly-follows", { from: null, to: null, f: [] }, expect.anything());
});

it("shows the other tiles when the goal's fails", async () => {
  show(() => Promise.reject(new Error("too large")));
  await screen.findByText("This part could not be loaded");
  await screen.findByText("Touchpoints, all time");
});
