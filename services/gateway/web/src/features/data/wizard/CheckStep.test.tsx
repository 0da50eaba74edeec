import { act, fireEvent, screen, waitFor } from "@testing-library/react";
import { useState } from "react";
import { afterEach, beforeAll, expect, it, vi } from "vitest";
import { api, ApiError } from "@/api/client";
import type { Finding, Import, MappingInput, Repair } from "@/api/types";
import { loadMessages } from "@/messages";
import { quietClient, showAt } from "@/test-page";
import { CheckStep } from "./CheckStep";
import { emptyDraft, type Draft } from "./draft";
import type { Sample } from "./sample";

const file = new File(["user;event;when;amount\n"], "orders.csv");
const sample = { columns: ["user", "event", "when", "amount"].map((header) => ({ header, values: [] })), headers: [], encoding: "UTF-8", separator: ";", isHeaderless: false } as unknown as Sample;
const roles = { user: "customer_id", event: "action_type", when: "time", amount: "value" };

beforeAll(async () => {
  vi.stubGlobal("matchMedia", () => ({ matches: false, addEventListener: vi.fn(), removeEventListener: vi.fn() }));
  vi.stubGlobal("EventSource", class { addEventListener() {} close() {} });
  await loadMessages("data", "wizard");
});
afterEach(() => vi.restoreAllMocks());

/** A server with a file of six rows: two without a step, one with a wrong number, one with a wrong time. */
function serve() {
  const mappings: MappingInput[] = [];
  const sources: string[] = [];
  const post = vi.spyOn(api, "post").mockImplementation((_, body) => {
    const form = body as FormData;
    mappings.push(JSON.parse(form.get("mapping") as string) as MappingInput);
    sources.push(form.has("file") ? "file" : (form.get("from_import_id") as string));
    return Promise.resolve({ id: `c${mappings.length}` } as never);
  });
  vi.spyOn(api, "get").mockImplementation((path) => Promise.resolve(found(path.slice(-2), mappings[Number(path.at(-1)) - 1] as MappingInput) as never));
  const remove = vi.spyOn(api, "delete").mockResolvedValue(undefined);
  return { mappings, sources, post, remove };
}

function found(id: string, { columns }: MappingInput): Import {
  const one = (field: string, column: string, reason: string, count: number, actions: Repair["action"][]): Finding => ({
    reason, field, column, count, actions, examples: [], repair: columns.find((known) => known.field === field)?.repairs?.[0] ?? null,
  });
  const findings = [one("action_type", "event", "field_missing", 2, ["use_text"]), one("value", "amount", "not_a_number", 1, ["leave_empty"]), one("time", "when", "not_a_date", 1, [])];
  const rejected = findings.filter(({ repair }) => !repair).reduce((sum, { count }) => sum + count, 0);
  return { id, status: "completed", check_only: true, rows_read: 6, rows_accepted: 6 - rejected, rows_rejected: rejected, rows_duplicate: 0, progress_ratio: 1, findings: findings.toSorted((one, other) => Number(one.repair !== null) - Number(other.repair !== null)), mapping: { columns } } as unknown as Import;
}

function show(part: Partial<Draft> = {}) {
  const seen: Draft[] = [];
  function Wizard() {
    const [draft, setDraft] = useState<Draft>({ ...emptyDraft(null), roles, ...part });
    seen.push(draft);
    return <CheckStep draft={draft} change={(change) => setDraft((former) => ({ ...former, ...change }))} file={file} sample={sample} goTo={vi.fn()} />;
  }
  showAt("/data/imports/new", <Wizard />, quietClient());
  return () => seen.at(-1) as Draft;
}

const group = async (place: number): Promise<HTMLElement> => (await screen.findAllByRole("radiogroup", { name: "What to do with these rows" }))[place] as HTMLElement;
const radio = async (place: number, name: string): Promise<HTMLInputElement> => [...(await group(place)).querySelectorAll("input")].find((input) => input.labels?.[0]?.textContent === name) as HTMLInputElement;
const next = (): Element => screen.getByRole("button", { name: "Go to journeys" });

it("offers for each cause what the server can do, checks a choice on the file it has, and keeps the others", async () => {
  const { mappings, sources, remove } = serve();
  const draft = show();
  await screen.findByText(/of 6 rows are fine/);
  // Nothing has been taken in yet.
  screen.getByText("4 rows will be skipped");
  expect([...(await group(1)).querySelectorAll("input")].map(({ value }) => value)).toEqual(["skip", "stop"]);
  const leave = await radio(2, "Leave Value empty");
  leave.focus();
  fireEvent.click(leave);
  await waitFor(() => expect(screen.getByText(/of 6 rows are fine/).textContent).toContain("3 of 6"));
  // The same part of the page: neither the place of the keyboard nor what was open is lost.
  expect(document.activeElement).toBe(leave);
  expect(leave.checked).toBe(true);
  fireEvent.click(await radio(0, "Use one Step for all of them"));
  await waitFor(() => expect(screen.getByText(/of 6 rows are fine/).textContent).toContain("5 of 6"));
  screen.getByText("1 row will be skipped");
  screen.getByText("The value stays empty.");
  expect(sources).toEqual(["file", "c1", "c2"]);
  expect(remove.mock.calls.map(([path]) => path)).toEqual(["/imports/c1", "/imports/c2"]);
  expect(mappings[2]?.columns.map(({ repairs }) => repairs)).toEqual([[], [{ reason: "field_missing", action: "use_text", text: "Unknown" }], [], [{ reason: "not_a_number", action: "leave_empty", text: "" }]]);
  expect(draft().checkId).toBe("c3");
  expect(next().hasAttribute("disabled")).toBe(false);
});

it("takes another text when it is typed, and the usual one for none", async () => {
  const { mappings } = serve();
  show();
  fireEvent.click(await radio(0, "Use one Step for all of them"));
  const text = await screen.findByRole("textbox", { name: "Step of these rows" });
  const sent = (): string | undefined => mappings.at(-1)?.columns[1]?.repairs?.[0]?.text;
  for (const [typed, used] of [[" No step ", "No step"], ["  ", "Unknown"]] as const) {
    fireEvent.change(text, { target: { value: typed } });
    fireEvent.blur(text);
    await waitFor(() => expect(sent()).toBe(used));
    expect((text as HTMLInputElement).value).toBe(used);
  }
});

it("goes no further while one cause says stop, without another check", async () => {
  const { post } = serve();
  const draft = show({ repairs: { value: [{ reason: "not_a_number", action: "leave_empty", text: "" }] } });
  fireEvent.click(await radio(2, "Stop, I correct the file"));
  // The repair goes, so the file is checked again; then the stop counts.
  await waitFor(() => expect(post).toHaveBeenCalledTimes(2));
  await screen.findByText(/Correct the file and choose it again, or/);
  expect(next().hasAttribute("disabled")).toBe(true);
  expect(draft()).toMatchObject({ stops: ["not_a_number value"], repairs: { value: [] } });
  fireEvent.click(await radio(2, "Skip them"));
  await waitFor(() => expect(next().hasAttribute("disabled")).toBe(false));
  expect(post).toHaveBeenCalledTimes(2);
});

it("sends the file again when the server does not have it any more", async () => {
  const { sources, post } = serve();
  const kept = post.getMockImplementation() as typeof api.post;
  post.mockImplementation((path, body) =>
    (body as FormData).get("from_import_id") === "old" ? Promise.reject(new ApiError({ status: 404, reason: "file_gone", title: "", detail: "" } as never)) : kept(path, body),
  );
  show({ checkId: "old", checkedMapping: "{}" });
  await act(async () => void (await screen.findByText(/of 6 rows are fine/)));
  expect(sources).toEqual(["file"]);
});

it.each([
  [1, 1, "The one row is fine."],
  [3, 3, "All 3 rows are fine."],
  [1, 1200, "1 of 1,200 rows is fine."],
  [0, 1, "The one row cannot be used. Go back and choose other columns."],
  [0, 2, "None of the 2 rows can be used. Go back and choose other columns."],
])("says in numbers and words that fit that %i of %i rows are fine", async (fine, rows, words) => {
  vi.spyOn(api, "post").mockResolvedValue({ id: "c1" });
  vi.spyOn(api, "get").mockResolvedValue({ id: "c1", status: "completed", check_only: true, rows_read: rows, rows_accepted: fine, rows_rejected: rows - fine, rows_duplicate: 0, findings: [], mapping: { columns: [] } });
  show();
  expect((await screen.findByText(/fine|used/)).closest("[data-tone]")?.textContent?.trim()).toBe(words);
});

it("says that every faulty row will be repaired before any is", async () => {
  serve();
  vi.spyOn(api, "get").mockImplementation(() => {
    const check = found("c1", { columns: [{ field: "value", column: "amount", function: null, repairs: [{ reason: "not_a_number", action: "leave_empty", text: "" }] }] } as unknown as MappingInput);
    return Promise.resolve({ ...check, rows_rejected: 0, findings: check.findings?.filter(({ repair }) => repair) });
  });
  show();
  await screen.findByText("Every faulty row will be repaired");
});

it("names the progress of a check after what is done", async () => {
  vi.spyOn(api, "post").mockResolvedValue({ id: "c1" });
  vi.spyOn(api, "get").mockResolvedValue({ id: "c1", status: "running", check_only: true, rows_read: 1, rows_rejected: 0, progress_ratio: 0.5, mapping: { columns: [] } });
  show();
  await screen.findByRole("progressbar", { name: "Checking every row" });
});
