import { File as NodeFile } from "node:buffer";
import { notifications } from "@mantine/notifications";
import { act, fireEvent, screen, waitFor } from "@testing-library/react";
import { afterEach, beforeAll, beforeEach, expect, it, vi } from "vitest";
import { api } from "@/api/client";
import { datasetsQuery, meQuery } from "@/api/hooks";
import { loadMessages } from "@/messages";
import { quietClient, showAt } from "@/test-page";
import { dropDraft, emptyDraft, loadDraft, saveDraft } from "./draft";
import WizardPage from "./WizardPage";

vi.mock("./draft", async (original) => ({ ...(await original<object>()), loadDraft: vi.fn(), saveDraft: vi.fn(), dropDraft: vi.fn() }));

// jsdom's own files cannot be read as a stream.
const file = new NodeFile(["user;event;when\nc1;cart,full;2024-01-13\n"], "orders.csv") as unknown as File;

beforeAll(async () => {
  vi.stubGlobal("matchMedia", () => ({ matches: false, addEventListener: vi.fn(), removeEventListener: vi.fn() }));
  vi.stubGlobal("ResizeObserver", class { observe() {} unobserve() {} disconnect() {} });
  Element.prototype.scrollIntoView = vi.fn();
  await loadMessages("data", "wizard");
});
beforeEach(() => {
  vi.useFakeTimers({ shouldAdvanceTime: true });
  vi.mocked(loadDraft).mockResolvedValue({ draft: { ...emptyDraft(null), datasetId: "d9", isDatasetOurs: true, roles: { user: "customer_id" } }, file, savedAt: 0 });
});
afterEach(() => {
  act(() => notifications.clean());
  vi.useRealTimers();
  vi.clearAllMocks();
});

function show(search = "", datasets: unknown[] = [], mappings: unknown[] = []) {
  const client = quietClient();
  client.setQueryData(datasetsQuery.queryKey, datasets as never);
  client.setQueryData(["mappings"], mappings);
  client.setQueryData(meQuery.queryKey, { features: { max_upload_bytes: 1_000_000 } } as never);
  return showAt(`/data/imports/new${search}`, <WizardPage />, client);
}

it("clears a draft thrown away at once, and deletes it only when nobody wants it back", async () => {
  const remove = vi.spyOn(api, "delete").mockResolvedValue(undefined);
  show();
  fireEvent.click(await screen.findByRole("button", { name: "Throw this draft away" }));
  expect(screen.queryByRole("button", { name: "Throw this draft away" })).toBeNull();
  expect(document.activeElement?.textContent).toBe("Choose a file");
  await screen.findByText(/Draft of orders.csv thrown away/);
  expect(dropDraft).not.toHaveBeenCalled();
  expect(remove).not.toHaveBeenCalled();
  await act(() => vi.advanceTimersByTimeAsync(11_000));
  await waitFor(() => expect(dropDraft).toHaveBeenCalledOnce());
  expect(remove).toHaveBeenCalledExactlyOnceWith("/datasets/d9");
});

it("brings a draft back with its file and its choices", async () => {
  const remove = vi.spyOn(api, "delete").mockResolvedValue(undefined);
  show();
  fireEvent.click(await screen.findByRole("button", { name: "Throw this draft away" }));
  fireEvent.click(await screen.findByRole("button", { name: "Undo" }));
  await screen.findByRole("button", { name: "Throw this draft away" });
  await act(() => vi.advanceTimersByTimeAsync(11_000));
  expect(dropDraft).not.toHaveBeenCalled();
  expect(remove).not.toHaveBeenCalled();
  expect(vi.mocked(saveDraft).mock.lastCall).toMatchObject([{ datasetId: "d9", roles: { user: "customer_id" } }, file]);
});

it("ends the offer when the page is opened anew", async () => {
  vi.spyOn(api, "delete").mockResolvedValue(undefined);
  const { unmount } = show();
  fireEvent.click(await screen.findByRole("button", { name: "Throw this draft away" }));
  await screen.findByText(/thrown away/);
  unmount();
  expect(dropDraft).not.toHaveBeenCalled();
  vi.mocked(loadDraft).mockResolvedValue(null);
  show();
  await waitFor(() => expect(dropDraft).toHaveBeenCalledOnce());
});

it("reads the file again with another separator", async () => {
  show();
  fireEvent.click(await screen.findByRole("combobox", { name: "Separator" }));
  fireEvent.click(await screen.findByRole("option", { name: "commas", hidden: true }));
  await screen.findByText(/1 column\./);
  await waitFor(() => expect(vi.mocked(saveDraft).mock.lastCall?.[0]).toMatchObject({ separator: "," }));
});

it("reads the file again in another encoding and without a header, and keeps what was corrected", async () => {
  vi.mocked(loadDraft).mockResolvedValue({ draft: { ...emptyDraft(null), encoding: "windows-1251", decimalSign: "," }, file, savedAt: 0 });
  show();
  expect((await screen.findByRole<HTMLInputElement>("combobox", { name: "Encoding" })).value).toBe("Windows-1251 (Cyrillic)");
  expect(screen.getByRole<HTMLInputElement>("combobox", { name: "Decimal sign" }).value).toBe("decimal comma");
  fireEvent.click(screen.getByRole("combobox", { name: "Header" }));
  fireEvent.click(await screen.findByRole("option", { name: "no header row", hidden: true }));
  await screen.findByRole("columnheader", { name: "Column 1" });
  fireEvent.click(screen.getByRole("combobox", { name: "Decimal sign" }));
  fireEvent.click(await screen.findByRole("option", { name: "decimal point", hidden: true }));
  await waitFor(() => expect(vi.mocked(saveDraft).mock.lastCall?.[0]).toMatchObject({ encoding: "windows-1251", isHeaderless: true, decimalSign: ".", separator: null }));
});

it("asks nobody for the encoding that a mark says", async () => {
  const marked = new NodeFile(["\uFEFFuser;event;when\nc1;cart;2024-01-13\n"], "pasted.csv") as unknown as File;
  vi.mocked(loadDraft).mockResolvedValue({ draft: emptyDraft(null), file: marked, savedAt: 0 });
  show();
  await screen.findByRole("combobox", { name: "Separator" });
  expect(screen.getByText(/written in UTF-8/)).toBeTruthy();
  expect(screen.queryByRole("combobox", { name: "Encoding" })).toBeNull();
});

it.each([
  ["a new dataset beside a full one", "?dataset=d1", 10, null],
  ["the dataset that was to get more events", "?dataset=d1&into=dataset", 10, "d1"],
  ["an empty dataset", "?dataset=d1", 0, "d1"],
])("offers %s", async (_, search, events, datasetId) => {
  vi.mocked(loadDraft).mockResolvedValue(null);
  show(search, [{ id: "d1", name: "Web shop", events, case: "customer", session_gap_minutes: null, goal_activity: null, time_zone: "UTC", fields: [], access: { can_write: true } }]);
  await screen.findByText("Drop a file here");
  fireEvent.change(document.querySelector("input[type=file]") as HTMLInputElement, { target: { files: [file] } });
  await waitFor(() => expect(vi.mocked(saveDraft).mock.lastCall?.[0]).toMatchObject({ datasetId }));
});

const SAVED = {
  id: "m1",
  name: "Till",
  columns: [
    { field: "customer_id", column: "Column 1", function: null },
    { field: "time", column: "Column 3", function: "datetime" },
  ],
  timezone: "Europe/Moscow",
  time_format: null,
  decimal_sign: ",",
  step_rules: [],
  encoding: "windows-1251",
  separator: ";",
  headerless: true,
};

const OTHER = { ...SAVED, id: "m2", name: "Other", columns: ["a", "b", "Column 2", "c", "d", "e", "f"].map((column) => ({ field: "value", column, function: null })) };
const SHOP = { id: "d1", name: "Web shop", events: 10, case: "customer", session_gap_minutes: null, goal_activity: null, time_zone: "Asia/Tokyo", fields: [], access: { can_write: true } };

const valueOf = (label: string): string => screen.getByRole<HTMLInputElement>("combobox", { name: label }).value;
const kept = () => vi.mocked(saveDraft).mock.lastCall?.[0];

async function choose(label: string, option: string) {
  fireEvent.click(await screen.findByRole("combobox", { name: label }));
  fireEvent.click(await screen.findByRole("option", { name: option, hidden: true }));
}

it("reads the file as a saved mapping says, and lets the reader correct that", async () => {
  show("", [SHOP], [SAVED, OTHER]);
  await choose("Use a saved mapping", "Till");
  await screen.findByText(/The file is read as “Till” says/);
  screen.getByRole("columnheader", { name: "Column 1" });
  await waitFor(() => expect(["Encoding", "Decimal sign", "Header"].map(valueOf)).toEqual(["Windows-1251 (Cyrillic)", "decimal comma", "no header row"]));
  const columns = { "Column 1": "customer_id", "Column 2": null, "Column 3": "time" };
  await waitFor(() => expect(kept()).toMatchObject({ encoding: "windows-1251", separator: ";", isHeaderless: true, decimalSign: ",", roles: columns, timezone: "Europe/Moscow" }));
  // Where the events go does not say how the times of the file are meant.
  await choose("Into dataset", "Web shop");
  await waitFor(() => expect(kept()).toMatchObject({ datasetId: "d1", timezone: "Europe/Moscow" }));
  // A correction leaves alone what it does not touch, as long as the columns are the same.
  await choose("Into dataset", "A new dataset");
  await choose("Encoding", "UTF-8");
  await waitFor(() => expect(kept()).toMatchObject({ encoding: "UTF-8", decimalSign: ",", isHeaderless: true, roles: columns, datasetId: null }));
  expect(screen.queryByText(/The file is read as “Till” says/)).toBeNull();
  await choose("Header", "first row is header");
  await waitFor(() => expect(kept()?.roles).toEqual({ user: "customer_id", event: "action_type", when: "time" }));
});

it("says which columns of a saved mapping the file lacks, and changes nothing", async () => {
  show("", [], [SAVED, OTHER]);
  await choose("Use a saved mapping", "Other (needs other columns)");
  await screen.findByText("“Other” does not fit this file. Read as it says, it has no columns called a, b, c, d, e and 1 more. Nothing was changed.");
  expect(screen.getByRole("combobox", { name: "Use a saved mapping" }).getAttribute("aria-invalid")).toBe("true");
  expect(valueOf("Header")).toBe("first row is header");
  expect(kept()).toMatchObject({ isHeaderless: null, roles: { user: "customer_id" } });
  await choose("Use a saved mapping", "Till");
  await screen.findByText(/The file is read as “Till” says/);
  expect(screen.queryByText(/does not fit/)).toBeNull();
});
