import { File as NodeFile } from "node:buffer";
import { notifications } from "@mantine/notifications";
import { act, fireEvent, screen, waitFor } from "@testing-library/react";
import { afterEach, beforeAll, beforeEach, expect, it, vi } from "vitest";
import { api, ApiError } from "@/api/client";
import { datasetsQuery, meQuery } from "@/api/hooks";
import { loadMessages } from "@/messages";
import { quietClient, showAt } from "@/test-page";
import { dropDraft, emptyDraft, loadDraft, saveDraft } from "./draft";
import { CHANNEL } from "./useOtherTab";
import WizardPage from "./WizardPage";

vi.mock("./draft", async (original) => ({ ...(await original<object>()), loadDraft: vi.fn(), saveDraft: vi.fn(() => Promise.resolve()), dropDraft: vi.fn() }));

// jsdom's own files cannot be read as a stream.
const file = new NodeFile(["user;event;when\nc1;cart,full;2024-01-13\n"], "orders.csv") as unknown as File;

beforeAll(async () => {
  vi.stubGlobal("matchMedia", () => ({ matches: false, addEventListener: vi.fn(), removeEventListener: vi.fn() }));
  vi.stubGlobal("ResizeObserver", class { observe() {} unobserve() {} disconnect() {} });
  Element.prototype.scrollIntoView = vi.fn();
  await loadMessages("data", "wizard", "home");
});
beforeEach(() => {
  vi.useFakeTimers({ shouldAdvanceTime: true });
  vi.mocked(loadDraft).mockResolvedValue({ draft: { ...emptyDraft(null), checkId: "c9", roles: { user: "customer_id" } }, file, savedAt: 0 });
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

it("says that another tab shows the draft too, as long as one does", async () => {
  const others = [new BroadcastChannel(CHANNEL), new BroadcastChannel(CHANNEL)];
  const heard: string[] = [];
  others[0]!.onmessage = ({ data }: MessageEvent<string>) => {
    heard.push(data);
    if (data === "who") others[0]!.postMessage("here");
  };
  const { unmount } = show();
  await screen.findByText(/also open in another tab/);
  others[1]!.postMessage("gone");
  await waitFor(() => expect(heard).toEqual(["who", "gone", "who"]));
  await screen.findByText(/also open in another tab/);
  others[0]!.onmessage = null;
  others[0]!.postMessage("gone");
  await waitFor(() => expect(screen.queryByText(/also open in another tab/)).toBeNull());
  others[1]!.postMessage("who");
  await screen.findByText(/also open in another tab/);
  const left = new Promise((resolve) => (others[1]!.onmessage = ({ data }: MessageEvent<string>) => void (data === "gone" && resolve(data))));
  unmount();
  await left;
  others.forEach((other) => other.close());
});

it("throws a draft away at once, and what the server checked for it when nobody wants it back", async () => {
  const remove = vi.spyOn(api, "delete").mockResolvedValue(undefined);
  show();
  fireEvent.click(await screen.findByRole("button", { name: "Throw this draft away" }));
  expect(screen.queryByRole("button", { name: "Throw this draft away" })).toBeNull();
  expect(document.activeElement?.textContent).toBe("Choose a file");
  await screen.findByText(/Draft of orders.csv thrown away/);
  // A reload finds nothing, even while the offer to undo is shown.
  expect(dropDraft).toHaveBeenCalledOnce();
  expect(remove).not.toHaveBeenCalled();
  await act(() => vi.advanceTimersByTimeAsync(11_000));
  await waitFor(() => expect(remove).toHaveBeenCalledExactlyOnceWith("/imports/c9"));
});

it("leaves the check of a dataset that is there in its list", async () => {
  const remove = vi.spyOn(api, "delete").mockResolvedValue(undefined);
  vi.mocked(loadDraft).mockResolvedValue({ draft: { ...emptyDraft("d9"), checkId: "c9" }, file, savedAt: 0 });
  show();
  fireEvent.click(await screen.findByRole("button", { name: "Throw this draft away" }));
  await act(() => vi.advanceTimersByTimeAsync(11_000));
  expect(remove).not.toHaveBeenCalled();
});

it("brings a draft back with its file and its choices", async () => {
  const remove = vi.spyOn(api, "delete").mockResolvedValue(undefined);
  show();
  fireEvent.click(await screen.findByRole("button", { name: "Throw this draft away" }));
  vi.mocked(saveDraft).mockClear();
  fireEvent.click(await screen.findByRole("button", { name: "Undo" }));
  expect(vi.mocked(saveDraft).mock.calls[0]).toMatchObject([{ checkId: "c9", roles: { user: "customer_id" } }, file]);
  await screen.findByRole("button", { name: "Throw this draft away" });
  await act(() => vi.advanceTimersByTimeAsync(11_000));
  expect(remove).not.toHaveBeenCalled();
});

it("ends the offer when the page is opened anew", async () => {
  vi.spyOn(api, "delete").mockResolvedValue(undefined);
  const { unmount } = show();
  fireEvent.click(await screen.findByRole("button", { name: "Throw this draft away" }));
  await screen.findByText(/thrown away/);
  unmount();
  vi.mocked(loadDraft).mockResolvedValue(null);
  show();
  await screen.findByText("Drop a file here");
  await waitFor(() => expect(screen.queryByText(/thrown away/)).toBeNull());
});

const XML = new NodeFile(['<?xml version="1.0"?><log/>'], "sepsis.xes") as unknown as File;

it.each([
  ["names a file it refuses, and the one that stays", { draft: emptyDraft(null), file, savedAt: 0 }, "“sepsis.xes” was not taken. This is an XML file, such as an XES log. Convert it to CSV and choose that file. “orders.csv” stays chosen."],
  ["names a file it refuses", null, "“sepsis.xes” was not taken. This is an XML file, such as an XES log. Convert it to CSV and choose that file."],
])("%s", async (_, kept, words) => {
  vi.mocked(loadDraft).mockResolvedValue(kept);
  show();
  await screen.findByText(kept ? /^orders.csv, / : "Drop a file here");
  fireEvent.change(document.querySelector("input[type=file]") as HTMLInputElement, { target: { files: [XML] } });
  expect((await screen.findByText(/was not taken/)).textContent?.trim()).toBe(words);
});

it("tells while the name is typed that it is taken, as the server says", async () => {
  const taken = new ApiError({ type: "", title: "", status: 409, detail: "There is a dataset named “web SHOP” already.", reason: "dataset_name_taken", instance: "", errors: [], request_id: null } as never);
  const asked = vi.spyOn(api, "get").mockImplementation((_, query) => (query?.name === "web SHOP" ? Promise.reject(taken) : Promise.resolve(undefined)));
  show();
  const field = await screen.findByLabelText("Name of the new dataset");
  fireEvent.change(field, { target: { value: "web SHOP" } });
  // Nobody goes on before the answer.
  expect(screen.getByRole("button", { name: "Go to columns" }).getAttribute("data-loading")).toBe("true");
  await screen.findByText("There is a dataset named “web SHOP” already.");
  expect(screen.getByRole("button", { name: "Go to columns" }).hasAttribute("disabled")).toBe(true);
  fireEvent.change(field, { target: { value: " Till " } });
  await waitFor(() => expect(screen.getByRole("button", { name: "Go to columns" }).hasAttribute("disabled")).toBe(false));
  expect(asked).toHaveBeenLastCalledWith("/datasets/name-check", { name: "Till" }, expect.anything());
});

const CHECKED = JSON.stringify({ columns: [] });
const check = { id: "c9", dataset_id: null, status: "completed", check_only: true, rows_accepted: 3, rows_rejected: 4, steps: [], findings: [] };
const started = { id: "i9", dataset_id: "d9", status: "completed", check_only: false, rows_accepted: 3, rows_rejected: 4, rows_duplicate: 0, customers: 2, steps: [{ activity: "cart", count: 3 }], errors_url: "/api/v1/imports/i9/errors" };
const made = { id: "d9", name: "Till", events: 0, access: { can_manage: true } };

/** The server has the check and the import. */
function answer() {
  vi.spyOn(api, "get").mockImplementation((path) => Promise.resolve(path.startsWith("/imports/") ? (path.endsWith("c9") ? check : started) : { ...made, items: [] }));
}

function showSummary() {
  answer();
  vi.mocked(loadDraft).mockResolvedValue({ draft: { ...emptyDraft(null), step: "import", newName: "Till", checkId: "c9", checkedMapping: CHECKED }, file, savedAt: 0 });
  return show();
}

async function begin() {
  await waitFor(() => expect(screen.getByRole("button", { name: "Import" }).hasAttribute("disabled")).toBe(false));
  fireEvent.click(screen.getByRole("button", { name: "Import" }));
}

it("makes the new dataset when the import begins, goes to its map and says there what came of it", async () => {
  const post = vi.spyOn(api, "post").mockImplementation((path) => Promise.resolve(path === "/datasets" ? { id: "d9", name: "Till" } : started));
  const { where } = showSummary();
  await begin();
  await waitFor(() => expect(where()).toBe("/explore/map?dataset=d9"));
  expect(post.mock.calls.map(([path]) => path)).toEqual(["/datasets", "/datasets/d9/imports"]);
  expect((post.mock.calls[1]?.[1] as FormData).get("from_import_id")).toBe("c9");
  const note = await screen.findByText(/Import finished/);
  expect(note.textContent).toContain("Import finished: 3 events, 2 customers, 1 step.  4 rows skipped.");
  expect(screen.getByText("Download skipped rows").getAttribute("href")).toBe("/api/v1/imports/i9/errors.csv");
});

it.each([
  ["stays while less than a tenth is read", 0.05, 10, false],
  ["stays while nothing is stored yet", 0.2, 0, false],
  ["goes to the map when a tenth is read and something stored, and follows the import there", 0.2, 10, true],
  ["stays while what replaces the dataset is not all in", 0.2, 10, false, true],
])("%s", async (_, ratio, events, goes, replaces_dataset = false) => {
  vi.stubGlobal("EventSource", class { addEventListener() {} close() {} });
  const running = { ...started, status: "running", progress_ratio: ratio, replaces_dataset };
  vi.spyOn(api, "post").mockImplementation((path) => Promise.resolve(path === "/datasets" ? { id: "d9", name: "Till" } : running));
  const { where } = showSummary();
  vi.spyOn(api, "get").mockImplementation((path) => Promise.resolve(path.startsWith("/imports/") ? (path.endsWith("c9") ? check : running) : { ...made, events, items: [] }));
  await begin();
  if (goes) {
    await waitFor(() => expect(where()).toBe("/explore/map?dataset=d9"));
    await screen.findByText("orders.csv is being imported. The map shows what is stored so far.");
  } else {
    await screen.findByRole("link", { name: "Show this import" });
    expect(document.activeElement?.tagName).toBe("H2");
    await act(() => vi.advanceTimersByTimeAsync(3000));
    expect(where()).toBe("/data/imports/new");
  }
});

it("forgets a goal and sessions that went with the columns chosen first", async () => {
  const post = vi.spyOn(api, "post").mockImplementation((path) => Promise.resolve(path === "/datasets" ? { id: "d9", name: "Till" } : started));
  answer();
  vi.mocked(loadDraft).mockResolvedValue({ draft: { ...emptyDraft(null), step: "import", newName: "Till", checkId: "c9", checkedMapping: CHECKED, unit: "session", goal: "buy" }, file, savedAt: 0 });
  show();
  await screen.findByText("No goal");
  screen.getByText("a customer");
  await begin();
  await waitFor(() => expect(post).toHaveBeenCalledWith("/datasets", expect.objectContaining({ case: "customer", goal_activity: null })));
});

it("says in the summary which rows will not count", async () => {
  showSummary();
  vi.spyOn(api, "get").mockImplementation((path) => Promise.resolve(path.endsWith("c9") ? { ...check, rows_duplicate: 2 } : { ...made, items: [] }));
  await screen.findByText(/^3 rows will be taken in, 4 skipped\. 2 rows have event ids that are in the dataset already or further up/);
});

it("leaves no dataset behind when the import is refused", async () => {
  const remove = vi.spyOn(api, "delete").mockResolvedValue(undefined);
  vi.spyOn(api, "post").mockImplementation((path) => (path === "/datasets" ? Promise.resolve({ id: "d9" }) : Promise.reject(new Error("gone"))));
  showSummary();
  await begin();
  await screen.findByText("The import could not be started");
  expect(remove).toHaveBeenCalledExactlyOnceWith("/datasets/d9?for_good=true");
});

it("checks a file for a new dataset without making one", async () => {
  const post = vi.spyOn(api, "post").mockResolvedValue(check);
  vi.mocked(loadDraft).mockResolvedValue({ draft: { ...emptyDraft(null), step: "check", newName: "Till", remote: { url: "https://shop.example/orders.csv", bytes: null }, roles: { user: "customer_id", event: "action_type", when: "time" } }, file, savedAt: 0 });
  answer();
  show();
  await screen.findByText(/Each row that will be skipped is listed once, with its first fault/);
  expect(post.mock.calls.map(([path]) => path)).toEqual(["/imports"]);
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

const FORMER = {
  id: "i1",
  file_name: "may.csv",
  check_only: false,
  mapping: {
    ...SAVED,
    columns: [
      { field: "action_type", column: "user", function: null },
      { field: "customer_id", column: "event", function: null, repairs: [{ reason: "field_missing", action: "use_text", text: "Nobody" }] },
      { field: "time", column: "when", function: "datetime" },
    ],
    step_rules: [{ pattern: "c1", name: "Cart" }],
    separator: ",",
    decimal_sign: ".",
    headerless: false,
  },
};
const GUESSED = { roles: { user: "customer_id", event: "action_type", when: "time" }, columnsAs: null };
const AS_FORMER = { roles: { user: "action_type", event: "customer_id", when: "time" }, timezone: "Europe/Moscow", stepRules: FORMER.mapping.step_rules, columnsAs: "may.csv" };
const EMPTY = { ...SHOP, id: "d2", name: "Till", time_zone: "UTC" };

/** The former imports of Web shop, newest first; other datasets have none. */
function remember(...items: unknown[]) {
  return vi.spyOn(api, "get").mockImplementation((path, query) => Promise.resolve(path === "/imports" && query?.dataset_id === "d1" ? { items } : { items: [] }));
}

async function bring(search = "?dataset=d1&into=dataset") {
  vi.mocked(loadDraft).mockResolvedValue(null);
  show(search, [SHOP, EMPTY]);
  await screen.findByText("Drop a file here");
  fireEvent.change(document.querySelector("input[type=file]") as HTMLInputElement, { target: { files: [file] } });
  await screen.findByRole("button", { name: "Go to columns" });
}

it("begins with the columns of the last import into the dataset that fit, and guesses them when that is wanted", async () => {
  const unfit = { ...FORMER, mapping: { ...FORMER.mapping, columns: [{ field: "time", column: "at", function: "datetime" }] } };
  const asked = remember({ ...FORMER, check_only: true, file_name: "check.csv" }, unfit, FORMER, { ...FORMER, file_name: "april.csv" });
  await bring();
  expect(asked).toHaveBeenCalledWith("/imports", expect.objectContaining({ dataset_id: "d1", status: "completed" }));
  // How the file is written it says itself, as long as it has the columns.
  await waitFor(() => expect(kept()).toMatchObject({ ...AS_FORMER, datasetId: "d1", separator: null, repairs: { customer_id: FORMER.mapping.columns[1]?.repairs } }));
  fireEvent.click(screen.getByRole("button", { name: "Go to columns" }));
  await screen.findByText("Columns as in the last import into this dataset, “may.csv”.");
  const anew = screen.getByRole("button", { name: "Guess them anew" });
  anew.focus();
  fireEvent.click(anew);
  expect(screen.queryByText(/Columns as in/)).toBeNull();
  expect(document.activeElement?.textContent).toBe("Say which column means what");
  await waitFor(() => expect(kept()).toMatchObject({ ...GUESSED, repairs: {}, stepRules: [] }));
});

it("calls columns no longer those of the last import once the reader has changed one", async () => {
  remember(FORMER);
  await bring();
  fireEvent.click(screen.getByRole("button", { name: "Go to columns" }));
  await screen.findByText(/Columns as in/);
  fireEvent.click(screen.getByRole("combobox", { name: "Column for Customer" }));
  fireEvent.click((await screen.findAllByRole("option", { name: "user", hidden: true }))[0]!);
  await waitFor(() => expect(screen.queryByText(/Columns as in/)).toBeNull());
  expect(kept()).toMatchObject({ columnsAs: null, roles: { user: "customer_id" } });
});

it("begins anew with every other dataset, until the reader has chosen columns", async () => {
  remember(FORMER);
  await bring("");
  await waitFor(() => expect(kept()).toMatchObject({ ...GUESSED, datasetId: null }));
  await choose("Into dataset", "Web shop");
  await waitFor(() => expect(kept()).toMatchObject({ ...AS_FORMER, datasetId: "d1" }));
  await choose("Into dataset", "Till");
  await waitFor(() => expect(kept()).toMatchObject({ ...GUESSED, datasetId: "d2", timezone: "UTC", repairs: {}, stepRules: [] }));
});

it("leaves columns that the reader has chosen when the events go elsewhere", async () => {
  const own = { user: null, event: "action_type", when: "time" };
  const asked = remember(FORMER);
  vi.mocked(loadDraft).mockResolvedValue({ draft: { ...emptyDraft("d2"), roles: own }, file, savedAt: 0 });
  show("", [SHOP, EMPTY]);
  await choose("Into dataset", "Web shop");
  await waitFor(() => expect(kept()).toMatchObject({ datasetId: "d1", roles: own, columnsAs: null }));
  expect(asked).not.toHaveBeenCalledWith("/imports", expect.anything());
});

it("reads a file as the last import was when it has the columns only then", async () => {
  const bars = new NodeFile(["user|event;when\nc1|cart;2024-01-13\nc2|pay;2024-01-14\n"], "june.csv") as unknown as File;
  remember({ ...FORMER, mapping: { ...FORMER.mapping, columns: [{ field: "customer_id", column: "user", function: null }, { field: "action_type", column: "event;when", function: null }], separator: "|" } });
  vi.mocked(loadDraft).mockResolvedValue(null);
  show("?dataset=d1&into=dataset", [SHOP]);
  await screen.findByText("Drop a file here");
  fireEvent.change(document.querySelector("input[type=file]") as HTMLInputElement, { target: { files: [bars] } });
  await waitFor(() => expect(kept()).toMatchObject({ separator: "|", isHeaderless: false, roles: { user: "customer_id", "event;when": "action_type" }, columnsAs: "may.csv" }));
});

it.each([
  ["an import without headers says nothing about a file with them", () => remember({ ...FORMER, mapping: { ...SAVED, columns: SAVED.columns } })],
  ["nobody may say what was imported", () => vi.spyOn(api, "get").mockRejectedValue(new Error("hidden"))],
])("guesses when %s", async (_, past) => {
  past();
  await bring();
  await waitFor(() => expect(kept()).toMatchObject({ ...GUESSED, datasetId: "d1", isHeaderless: null }));
});
