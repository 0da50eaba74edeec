import { notifications } from "@mantine/notifications";
import { act, fireEvent, screen, waitFor, within } from "@testing-library/react";
import { afterEach, beforeAll, expect, it, vi } from "vitest";
import { api, ApiError } from "@/api/client";
import { meQuery } from "@/api/hooks";
import type { JournalEntry, Me } from "@/api/types";
import { loadMessages } from "@/messages";
import { quietClient, showAt } from "@/test-page";
import HistoryPage from "./HistoryPage";

beforeAll(async () => {
  vi.stubGlobal("matchMedia", () => ({ matches: false, addEventListener: vi.fn(), removeEventListener: vi.fn() }));
  vi.stubGlobal("ResizeObserver", class { observe() {} unobserve() {} disconnect() {} });
  await loadMessages("history", "filters", "data");
});

afterEach(() => {
  act(() => notifications.clean());
  vi.restoreAllMocks();
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
  const item = { id: "i1", dataset_id: "d1", file_name: "many.csv", check_only, status, rows_accepted: 4990, rows_read: 5000, dataset_name: "Shop of then", created_by: "Linh", created_by_id: "u1", created_at: "2024-01-01T00:00:00Z", progress_ratio: 1 };
  vi.spyOn(api, "get").mockImplementation((path) => Promise.resolve({ items: path === "/imports" ? [item] : [], next_cursor: null } as never));
  showAt("/history?show=import", <HistoryPage />, quietClient());
  expect((await screen.findByRole("link", { name: `${what} of many.csv` })).closest("tr")?.textContent).toContain(said);
});

const entry = (more: Partial<JournalEntry>): JournalEntry => ({
  ...{ id: "j1", kind: "deleted", object: "dataset", object_id: "d9", name: "Old shop", dataset_id: "d9", dataset_name: "Old shop", format: null, address: "" },
  ...{ created_at: "2024-01-01T00:00:00Z", created_by: "Linh", created_by_id: "u2", events_changed: null, events_removed: null, restorable_until: null, can_restore: false },
  ...more,
});

/** History with a journal, for one who sees the dataset "Web shop". */
function showJournal(journal: () => JournalEntry[], search = "") {
  const me = { user: { id: "u1", role: "admin" } } as Me;
  const get = vi.spyOn(api, "get").mockImplementation((path) => {
    if (path === "/me") return Promise.resolve(me as never);
    if (path === "/datasets") return Promise.resolve({ items: [{ id: "d1", name: "Web shop", fields: [] }], next_cursor: null } as never);
    return Promise.resolve({ items: path === "/journal" ? journal() : [], next_cursor: null } as never);
  });
  const client = quietClient();
  client.setQueryData(meQuery.queryKey, me);
  return { ...showAt(`/history${search}`, <HistoryPage />, client), get };
}

it.each<[Partial<JournalEntry>, string, string]>([
  [{ kind: "exported", object: "map", name: "", format: "svg", dataset_id: "d1", dataset_name: "Shop of then" }, "Map exported as SVG", "Web shopLinh"],
  [
    { kind: "exported", object: "chart", format: "png", name: "Customers per day", address: "/reports?from=2024-05-01&to=2024-05-31&f=device_category:mobile", created_by_id: "u1" },
    "Chart exported as PNG",
    "Old shopnot there any moreCustomers per day · May 1 – 31, 2024 · Device is mobileYou",
  ],
  [{ kind: "exported", object: "paths", format: "csv", address: "/explore/map?case=session&pause=30" }, "Paths exported as CSV", "All data · journeys by session, new after 30 min"],
  [{ kind: "exported", object: "rejected_rows", format: "csv", name: "many.csv", address: "/data/imports/i1" }, "Rejected rows exported as CSV", "Old shopnot there any moremany.csvLinh"],
  [{ kind: "fixed", object: "duplicates", events_changed: 0, events_removed: 1 }, "Doubled events fixed", "1 event removed"],
  [{ kind: "fixed", object: "similar_steps", events_changed: 1200, events_removed: 0 }, "Steps spelled alike fixed", "1,200 events changed"],
  [{ kind: "deleted", object: "import", name: "many.csv", events_removed: 99 }, "Import of many.csv removed", "99 events removed"],
  [{ kind: "deleted", object: "mapping", name: "Orders", dataset_id: null, dataset_name: "" }, "Mapping “Orders” deleted", "deletedLinh"],
  [{ restorable_until: "2026-12-30T08:00:00Z" }, "Dataset “Old shop” deleted", "its owner or an administrator can restore it until Dec 30, 2026"],
  [{ kind: "restored" }, "Dataset “Old shop” restored", "Old shopnot there any moreLinh"],
  [{ kind: "erased" }, "Dataset “Old shop” deleted for good", "Old shopnot there any moreLinh"],
])("tells of %o", async (more, name, said) => {
  showJournal(() => [entry(more)]);
  const row = (await screen.findByText(name)).closest("tr")!;
  const told = row.textContent.replaceAll(/\s/g, " ");
  expect(told).toContain(said);
  expect(told).toContain("Finished");
  expect(within(row).queryAllByRole("button")).toEqual([]);
});

it.each([
  ["", undefined],
  ["?show=exported", ["exported"]],
  ["?show=fixed", ["fixed"]],
  ["?show=deleted", ["deleted", "restored", "erased"]],
])("asks the journal at %s for its kinds", async (search, kind) => {
  const { get } = showJournal(() => [], search);
  await waitFor(() => expect(get.mock.calls.filter(([path]) => path === "/journal")).toHaveLength(1));
  const asked = get.mock.calls.find(([path]) => path === "/journal")?.[1];
  expect(asked?.["kind"] ?? []).toEqual(kind ?? []);
});

it("opens what was exported where it was, of a dataset that is gone what is stored", async () => {
  const address = "/explore/map?f=device_category:mobile&steps=7&dataset=d1";
  const map = { kind: "exported", object: "map", format: "svg", address } as const;
  const model = { ...map, object: "model", object_id: "a1", address: "/explore/models?dataset=d1&analysis=a1" } as const;
  const rows = { kind: "exported", object: "rejected_rows", format: "csv", object_id: "i1", address: "/data/imports/i1" } as const;
  const inOrder = [map, model, rows].flatMap((one, at) => [entry({ ...one, dataset_id: "d1", id: `${2 * at}` }), entry({ ...one, id: `${2 * at + 1}` })]);
  showJournal(() => inOrder);
  const open = await screen.findAllByRole("link", { name: /^Open: / });
  expect(open.map((link) => link.getAttribute("href"))).toEqual([address, model.address, "/history/analyses/a1", rows.address, rows.address]);
});

it("brings a deleted dataset back, and says why it cannot", async () => {
  let journal = [entry({ restorable_until: "2026-12-30T08:00:00Z", can_restore: true })];
  showJournal(() => journal);
  const row = (await screen.findByText("Dataset “Old shop” deleted")).closest("tr")!;
  expect(row.textContent).toContain("can be restored until Dec 30, 2026");
  const refusal = new ApiError({ type: "about:blank", title: "", status: 409, reason: "dataset_name_taken", detail: "Another dataset is named Old shop." });
  const post = vi.spyOn(api, "post").mockRejectedValueOnce(refusal);
  const restore = within(row).getByRole("button", { name: /^Restore: Dataset “Old shop” deleted/ });
  fireEvent.click(restore);
  await screen.findByText("Another dataset is named Old shop.");
  post.mockImplementation(() => {
    journal = [entry({ id: "j2", kind: "restored" }), entry({})];
    return Promise.resolve(undefined as never);
  });
  restore.focus();
  fireEvent.click(restore);
  await screen.findByText("Dataset “Old shop” restored.");
  await screen.findByText("Dataset “Old shop” restored");
  expect(post).toHaveBeenLastCalledWith("/datasets/d9/restore");
  expect(screen.queryByRole("button", { name: /^Restore/ })).toBeNull();
  expect(document.activeElement?.textContent).toBe("Dataset “Old shop” deleted");
});

it("erases a deleted dataset only once its name is typed", async () => {
  let journal = [entry({ restorable_until: "2026-12-30T08:00:00Z", can_restore: true })];
  showJournal(() => journal);
  const remove = vi.spyOn(api, "delete").mockImplementation(() => {
    journal = [entry({ id: "j2", kind: "erased" }), entry({})];
    return Promise.resolve(undefined);
  });
  fireEvent.click(await screen.findByRole("button", { name: /^Delete for good: Dataset “Old shop” deleted/ }));
  const dialog = await screen.findByRole("dialog", { name: "Delete Old shop for good" });
  const action = within(dialog).getByRole("button", { name: "Delete for good" });
  expect(action).toHaveProperty("disabled", true);
  fireEvent.change(within(dialog).getByRole("textbox"), { target: { value: "Old shop" } });
  fireEvent.click(action);
  await screen.findByText("Dataset “Old shop” deleted for good.");
  expect(remove).toHaveBeenCalledExactlyOnceWith("/datasets/d9?for_good=true");
  await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
});

it("opens what is stored of a dataset that is gone, and nothing where no result is", async () => {
  const made = { kind: "directly_follows", dataset_name: "Shop of then", status: "succeeded", filter: [], from: null, to: null, case: "customer", events: 9, cases: 3, progress_ratio: 1, created_at: "2024-01-01T00:00:00Z", created_by_id: "u1", deleted_at: null };
  vi.spyOn(api, "get").mockImplementation((path) => {
    const analyses = [{ ...made, id: "a1", dataset_id: "d1" }, { ...made, id: "a2", dataset_id: "d9" }, { ...made, id: "a3", dataset_id: "d9", status: "failed" }];
    const items = path === "/analyses" ? analyses : path === "/datasets" ? [{ id: "d1", name: "Web shop", fields: [] }] : [];
    return Promise.resolve({ items, next_cursor: null } as never);
  });
  showAt("/history?show=directly_follows&dataset=d1", <HistoryPage />, quietClient());
  const rows = (await screen.findAllByText("Journey map", { selector: "tbody *" })).map((name) => name.closest("tr")!);
  const frozen = "/history/analyses/a2?dataset=d1";
  expect(rows.map((row) => within(row).queryAllByRole("link").map((link) => [link.textContent, link.getAttribute("href")]))).toEqual([
    [["Journey map", "/explore/models?dataset=d1&case=customer&analysis=a1"], ["Open map", "/explore/map?dataset=d1&case=customer"]],
    [["Journey map", frozen], ["Open", frozen]],
    [],
  ]);
  expect(rows.map((row) => row.textContent.includes("not there any more"))).toEqual([false, true, true]);
});
