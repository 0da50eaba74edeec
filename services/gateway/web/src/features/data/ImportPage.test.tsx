import { notifications } from "@mantine/notifications";
import { act, fireEvent, screen } from "@testing-library/react";
import { afterEach, beforeAll, expect, it, vi } from "vitest";
import { ApiError, api } from "@/api/client";
import type { Dataset, Import, RowError } from "@/api/types";
import { loadMessages } from "@/messages";
import { quietClient, showAt } from "@/test-page";
import ImportPage from "./ImportPage";

beforeAll(async () => {
  vi.stubGlobal("matchMedia", () => ({ matches: false, addEventListener: vi.fn(), removeEventListener: vi.fn() }));
  vi.stubGlobal("ResizeObserver", class { observe() {} unobserve() {} disconnect() {} });
  await loadMessages("data");
});
afterEach(() => {
  act(() => notifications.clean());
  vi.restoreAllMocks();
});

const dataset = { id: "d1", name: "Shop", fields: [] as string[], access: { can_write: true, can_analyse: true } } as unknown as Dataset;
const fault: RowError = { row: 4, field: "action_type", column: "event", value: "", reason: "field_missing", detail: 'Row 4, column "event": there is no value.' };
const found = { id: "i1", dataset_id: "d1", dataset_name: "Shop", file_name: "many.csv", created_by: "Linh", created_at: "2024-01-01T00:00:00Z", status: "completed", check_only: false, rows_read: 10, rows_accepted: 9, rows_rejected: 1, rows_duplicate: 0, progress_ratio: 1, findings: [], mapping: { columns: [], step_rules: [], timezone: "UTC" } } as unknown as Import;

function show(change: Partial<Import>) {
  const item = { ...found, ...change };
  vi.spyOn(api, "get").mockImplementation((path) => Promise.resolve((path === "/imports/i1" ? item : path === "/datasets/d1" ? dataset : { items: path.endsWith("/errors") ? [fault] : [dataset], next_cursor: null }) as never));
  return showAt("/data/imports/i1?dataset=d1", <ImportPage />, quietClient());
}

it("names the column of the file and its role at a rejected row", async () => {
  show({});
  expect((await screen.findByRole("row", { name: /there is no value/ })).textContent).toContain("event (Step)");
});

it("gives all rejected rows as a table", async () => {
  show({ errors_url: "/api/v1/imports/i1/errors", findings: [{ reason: "field_missing", field: "action_type", column: "event", count: 1, examples: [fault], repair: null, actions: ["use_text"] }] });
  const download = await screen.findByRole("link", { name: "Download rejected rows" });
  expect(download.getAttribute("href")).toBe("/api/v1/imports/i1/errors.csv");
  const post = vi.spyOn(api, "post").mockResolvedValue(undefined);
  fireEvent.click(download);
  expect(post).toHaveBeenCalledExactlyOnceWith("/datasets/d1/exports", { object: "rejected_rows", format: "csv", name: "many.csv", object_id: "i1", address: "/data/imports/i1" });
});

it("says what was repaired, and offers no list of rejected rows when there are none", async () => {
  const repair = { reason: "field_missing", action: "use_text", text: "Unknown" } as const;
  const finding = { field: "action_type", column: "event", examples: [fault], actions: ["use_text" as const] };
  show({ rows_rejected: 0, errors_url: "/api/v1/imports/i1/errors", findings: [{ ...finding, reason: "field_missing", count: 12, repair }, { ...finding, reason: "text_too_long", count: 0, repair: { ...repair, action: "cut" } }] });
  await screen.findByText("Every faulty row was repaired");
  screen.getByText("12 rows");
  screen.getByText("“Unknown” is filled in.");
  expect(screen.queryByText("The text is cut to the length that is kept.")).toBeNull();
  expect(screen.queryByRole("link", { name: "Download rejected rows" })).toBeNull();
  expect(screen.queryByRole("radio")).toBeNull();
});

it("offers neither map nor rejected rows to one who may not analyse, and says why", async () => {
  const locked = { ...dataset, owner: "Ada", access: { can_write: false, can_analyse: false } };
  show({ errors_url: "/api/v1/imports/i1/errors", findings: [{ reason: "field_missing", field: "action_type", column: "event", count: 1, examples: [fault], repair: null, actions: ["use_text"] }] });
  const answer = vi.mocked(api.get).getMockImplementation()!;
  vi.mocked(api.get).mockImplementation((path, ...more) => (path === "/datasets/d1" ? Promise.resolve(locked as never) : answer(path, ...more)));
  await screen.findByText("Analysing Shop needs access. Ask Ada.");
  expect(screen.queryByRole("link", { name: /Open map|Download/ })).toBeNull();
  expect(vi.mocked(api.get).mock.calls.some(([path]) => path.endsWith("/errors"))).toBe(false);
});

it("says how many rows go with an import, and what else may", async () => {
  const columns = [{ field: "event_id", column: "id", function: null, repairs: [] }];
  show({ rows_duplicate: 2, mapping: { ...found.mapping, columns } });
  fireEvent.click(await screen.findByRole("button", { name: "Remove import" }));
  expect((await screen.findByRole("dialog")).textContent).toMatch(/This takes 7 rows out of Shop;.* An event whose id a later import has once more goes, too/);
});

it.each([
  [{ check_only: true }, "Rows fine"],
  [{ status: "failed" }, "Rows fine"],
  [{}, "Rows taken in"],
] as const)("says of %o what became of the good rows", async (change, said) => {
  show(change);
  await screen.findByText(said);
});

it("tells of an import whose dataset was deleted what the log keeps", async () => {
  show({ dataset_id: "d9", dataset_name: "Old shop" });
  const get = vi.mocked(api.get);
  const answer = get.getMockImplementation()!;
  get.mockImplementation((path, ...more) => (path === "/datasets/d9" ? Promise.reject(new ApiError({ type: "about:blank", title: "", status: 404, reason: "dataset_not_found", detail: "" })) : answer(path, ...more)));
  await screen.findByText(/^The dataset was deleted\./);
  screen.getByText("Old shop");
  expect(screen.queryByRole("heading", { name: "Rejected rows" })).toBeNull();
  expect(get.mock.calls.filter(([path]) => path.endsWith("/errors"))).toEqual([]);
  expect(screen.queryByRole("button", { name: "Remove import" })).toBeNull();
});

it("says that an import is removed, and with how much", async () => {
  vi.spyOn(api, "delete").mockResolvedValue(undefined);
  show({});
  fireEvent.click(await screen.findByRole("button", { name: "Remove import" }));
  fireEvent.change(await screen.findByLabelText("Type many.csv to confirm"), { target: { value: "many.csv" } });
  fireEvent.click((await screen.findAllByRole("button", { name: "Remove import" })).at(-1) as HTMLElement);
  await screen.findByText("Import of many.csv removed with 9 rows.");
});
