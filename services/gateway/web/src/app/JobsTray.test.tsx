import { notifications } from "@mantine/notifications";
import { act, fireEvent, screen, waitFor, within } from "@testing-library/react";
import { afterEach, beforeAll, expect, it, vi } from "vitest";
import { api } from "@/api/client";
import { meQuery } from "@/api/hooks";
import type { Analysis, Import, Me } from "@/api/types";
import { quietClient, showAt } from "@/test-page";
import { JobsTray } from "./JobsTray";

beforeAll(() => {
  vi.stubGlobal("matchMedia", () => ({ matches: false, addEventListener: vi.fn(), removeEventListener: vi.fn() }));
  vi.stubGlobal("EventSource", class { addEventListener = vi.fn(); close = vi.fn(); });
});
afterEach(() => {
  act(() => notifications.clean());
  vi.restoreAllMocks();
});

const item = (part: Partial<Import>): Import =>
  ({ id: "mine", file_name: "mine.csv", dataset_id: "d1", created_by_id: "u1", status: "running", check_only: false, replaces_dataset: false, progress_ratio: 0.5, created_at: "2024-01-01T00:00:00Z", finished_at: null, error: null, ...part }) as Import;

it("tells the end of the reader's own imports that ran when the page was opened, and of no others", async () => {
  const listed = [item({}), item({ id: "other", file_name: "other.csv", created_by_id: "u2" }), item({ id: "check", file_name: "check.csv", check_only: true }), item({ id: "done", file_name: "done.csv", status: "completed" })];
  let now: Partial<Import> = {};
  vi.spyOn(api, "get").mockImplementation((path) => Promise.resolve((path === "/imports/mine" ? item(now) : { items: path === "/imports" ? listed : [], next_cursor: null }) as never));
  const client = quietClient();
  client.setQueryData(meQuery.queryKey, { user: { id: "u1" } } as Me);
  showAt("/", <JobsTray />, client);
  expect((await screen.findByRole("alert")).textContent).toContain("mine.csv");
  now = { status: "failed", error: { reason: "file_empty", detail: "The file is empty." } };
  await act(() => client.invalidateQueries({ queryKey: ["imports", "one", "mine"] }));
  expect((await screen.findByText(/The file is empty/)).textContent).toContain("mine.csv");
  expect(screen.getAllByRole("alert")).toHaveLength(1);
});

async function open(part: Partial<Import>) {
  vi.spyOn(api, "get").mockImplementation((path) => Promise.resolve({ items: path === "/imports" ? [item({ created_by_id: "u2", ...part })] : [], next_cursor: null } as never));
  const post = vi.spyOn(api, "post").mockResolvedValue(item({}));
  const client = quietClient();
  client.setQueryData(meQuery.queryKey, { user: { id: "u1" } } as Me);
  showAt("/", <JobsTray />, client);
  fireEvent.click(await screen.findByRole("button", { name: /^Jobs/ }));
  return post;
}

it("shows the check of a file whose dataset is not made yet", async () => {
  await open({ dataset_id: null, check_only: true });
  expect(await screen.findByText("Check mine.csv")).toBeTruthy();
  expect(screen.getByText(/^Running · new dataset/)).toBeTruthy();
});

it.each<[Partial<Import>, string, object]>([
  [{ replaces_dataset: true }, "/datasets/d1/imports", { replaces_dataset: "true" }],
  [{ dataset_id: null, check_only: true }, "/imports", { check_only: "true" }],
])("tries again the same work: %o", async (part, path, flags) => {
  const failed: Partial<Import> = { status: "failed", finished_at: new Date().toISOString(), error: { reason: "file_gone", detail: "Gone." } };
  const post = await open({ ...part, ...failed });
  fireEvent.click(await screen.findByRole("button", { name: "Try again" }));
  await waitFor(() => expect(post).toHaveBeenCalled());
  const [asked, form] = post.mock.calls[0] as [string, FormData];
  expect(asked).toBe(path);
  expect(Object.fromEntries([...form].filter(([name]) => !["from_import_id", "mapping"].includes(name)))).toEqual(flags);
});

it.each([
  ["d1", "succeeded", "Finished · Web shop", ["/explore/models?dataset=d1&case=customer&analysis=a1"], []],
  ["d9", "succeeded", "Finished · Shop of then", ["/history/analyses/a1"], []],
  ["d1", "failed", "Failed: Full.", ["/explore/models?dataset=d1&case=customer&analysis=a1"], ["Try again"]],
  ["d9", "failed", "Failed: Full.", [], []],
])("leads from an analysis of %s that %s only to what can be opened", async (dataset_id, status, said, links, buttons) => {
  const ended = { id: "a1", kind: "alpha", dataset_id, dataset_name: "Shop of then", status, error: { reason: "full", detail: "Full." }, filter: [], from: null, to: null, case: "customer", progress_ratio: 1, created_at: "2024-01-01T00:00:00Z", finished_at: new Date().toISOString() } as unknown as Analysis;
  vi.spyOn(api, "get").mockImplementation((path) => Promise.resolve({ items: path === "/analyses" ? [ended] : [], next_cursor: null } as never));
  const client = quietClient();
  client.setQueryData(["datasets"], [{ id: "d1", name: "Web shop" }]);
  client.setQueryData(meQuery.queryKey, { user: { id: "u1" } } as Me);
  showAt("/", <JobsTray />, client);
  fireEvent.click(await screen.findByRole("button", { name: /^Jobs/ }));
  const job = (await screen.findByText(said)).parentElement!;
  expect(within(job).queryAllByRole("link").map((link) => link.getAttribute("href"))).toEqual(links);
  expect(within(job).queryAllByRole("button").map((button) => button.textContent)).toEqual(buttons);
});
