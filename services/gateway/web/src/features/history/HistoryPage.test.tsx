import { screen } from "@testing-library/react";
import { beforeAll, expect, it, vi } from "vitest";
import { api } from "@/api/client";
import { loadMessages } from "@/messages";
import { quietClient, showAt } from "@/test-page";
import HistoryPage from "./HistoryPage";

beforeAll(async () => {
  vi.stubGlobal("matchMedia", () => ({ matches: false, addEventListener: vi.fn(), removeEventListener: vi.fn() }));
  vi.stubGlobal("ResizeObserver", class { observe() {} unobserve() {} disconnect() {} });
  await loadMessages("history", "filters");
});

it.each([
  ["show=junk", {}, "Nothing has happened yet"],
  ["only=gone", {}, "Nothing has happened yet"],
  ["show=alpha&only=d1", { kind: "alpha", dataset_id: "d1" }, "Nothing matches"],
])("asks at ?%s only for what there is", async (search, asked, said) => {
  const get = vi.spyOn(api, "get").mockImplementation(() => Promise.resolve({ items: [], next_cursor: null } as never));
  const client = quietClient();
  client.setQueryData(["datasets"], [{ id: "d1", name: "Web shop" }]);
  showAt(`/history?${search}`, <HistoryPage />, client);
  await screen.findByText(said);
  const { kind, dataset_id } = get.mock.calls.find(([path]) => path === "/analyses")?.[1] ?? {};
  expect({ ...(kind && { kind }), ...(dataset_id && { dataset_id }) }).toEqual(asked);
});

it.each([
  ["Check", true, "completed", "4,990 of 5,000 rows fine"],
  ["Import", false, "completed", "4,990 of 5,000 rows taken"],
  ["Import", false, "failed", "4,990 of 5,000 rows fine"],
])("says of a %s (check only: %s, %s) only what it did: %s", async (what, check_only, status, said) => {
  const item = { id: "i1", dataset_id: "d1", file_name: "many.csv", check_only, status, rows_accepted: 4990, rows_read: 5000, created_by: "Linh", created_by_id: "u1", created_at: "2024-01-01T00:00:00Z", progress_ratio: 1 };
  vi.spyOn(api, "get").mockImplementation((path) => Promise.resolve({ items: path === "/imports" ? [item] : [], next_cursor: null } as never));
  showAt("/history?show=import", <HistoryPage />, quietClient());
  expect((await screen.findByRole("link", { name: `${what} of many.csv` })).closest("tr")?.textContent).toContain(said);
});
