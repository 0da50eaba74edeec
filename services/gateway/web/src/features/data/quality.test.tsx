import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { useState, type ReactNode } from "react";
import { afterEach, beforeAll, expect, it, vi } from "vitest";
import type { Dataset } from "@/api/types";
import { loadMessages } from "@/messages";
import { quietClient, showAt } from "@/test-page";
import { FieldsTab } from "./FieldsTab";
import { sortedFindings, type QualityFinding } from "./quality";
import { QualityTab } from "./QualityTab";

beforeAll(async () => {
  vi.stubGlobal("matchMedia", () => ({ matches: false, addEventListener: vi.fn(), removeEventListener: vi.fn() }));
  await loadMessages("data");
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

const dataset = { id: "d1", name: "Web shop", version: "1", time_zone: "UTC", events: 1000, access: { can_see: true, can_analyse: true, can_write: true, can_manage: true } } as Dataset;
const finding = (part: Partial<QualityFinding>): QualityFinding => ({
  kind: "duplicates", count: 0, total: 1000, level: "good", check_ratio: 0, problem_ratio: 0.05, import_id: null, fixable: 0, examples: [], ...part,
});
const example = { customer_id: null, field: null, values: [], time: null, first_date: null, last_date: null, count: 1 };

const answers = (body: unknown, status = 200) => new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json" } });

function show(content: ReactNode, answer: unknown) {
  vi.spyOn(globalThis, "fetch").mockImplementation((address) => Promise.resolve(answers((address as string).endsWith("/step-aliases") ? { items: [] } : answer)));
  showAt("/", content, quietClient());
}

const address = (link: HTMLElement): string => decodeURIComponent(link.getAttribute("href") ?? "");

it("tells findings with their unit and base, the gravest first, and leads to the rows", async () => {
  show(<QualityTab dataset={dataset} />, {
    events: 1000,
    level: "problem",
    as_of: "2024-03-01T12:03:00.000Z",
    is_current: true,
    findings: [
      finding({ kind: "rejected_rows", count: 1, total: 2000, level: "check", import_id: "i1" }),
      finding({ count: 1200, total: 13087, level: "problem", examples: [{ ...example, customer_id: "a&b", values: ["cart"], time: "2024-01-02T03:04:05.006Z", count: 3 }] }),
      finding({ kind: "similar_steps", count: 2, total: 9, level: "check", examples: [{ ...example, values: ["Cart", "cart "], count: 12 }] }),
      finding({ kind: "days_without_data", count: 3, total: 90, level: "good", check_ratio: 0.05, examples: [{ ...example, first_date: "2024-01-02", last_date: "2024-01-04", count: 3 }] }),
      finding({ kind: "future_times" }),
    ],
  });
  const list = await screen.findByRole("list", { name: "Findings" });
  const items = within(list).getAllByRole("listitem").filter((item) => item.parentElement === list);
  expect(items.map((item) => item.firstElementChild?.textContent)).toEqual(["Problem", "Check", "Check", "Good"]);
  expect(items[0]?.textContent).toContain("1,200 of 13,087 events look doubled (9.2%).");
  expect(items[0]?.textContent).toContain("Check from the first one, Problem from 5%.");
  expect(items[3]?.textContent).toContain("Check from 5%, Problem from 5%.");
  expect(items[3]?.textContent).toContain("Jan 2, 2024 – Jan 4, 2024 (3 days)");
  expect(within(items[3] as HTMLElement).queryByRole("link")).toBeNull();
  expect(address(screen.getByRole("link", { name: "Show rows" }))).toBe("/data/datasets/d1?dataset=d1&customer=a&b");
  expect(address(screen.getByRole("link", { name: "Show journeys" }))).toBe("/explore/map?dataset=d1&f=step:Cart,cart ");
  expect(address(screen.getByRole("link", { name: "Show import" }))).toBe("/data/imports/i1?dataset=d1");
  expect(screen.getByText("Times in the future")).toBeTruthy();
});

const doubled = finding({ count: 1200, fixable: 1200, level: "problem" });
const toFix = { events: 13087, level: "problem", as_of: "2024-03-01T12:03:00.000Z", is_current: true, findings: [doubled, finding({ kind: "rare_steps", count: 2, level: "check" })] };

it("fixes a finding after saying what that changes", async () => {
  show(<QualityTab dataset={dataset} />, toFix);
  await userEvent.click(await screen.findByRole("button", { name: "Fix: Doubled events" }));
  expect(screen.getAllByRole("button", { name: /^Fix/ })).toHaveLength(1);
  const dialog = within(await screen.findByRole("dialog", { name: "Remove doubled events" }));
  expect(dialog.getByText(/1,200 events/).closest("p")?.textContent).toBe("1,200 events of “Web shop” repeat an earlier one and go for good; the earlier one stays. You cannot undo this.");
  const asked = vi.mocked(fetch).mockImplementation(() => Promise.resolve(answers({ title: "", status: 400, reason: "dataset_changed", detail: "Events were taken out meanwhile." }, 400)));
  await userEvent.click(dialog.getByRole("button", { name: "Remove events" }));
  expect(await dialog.findByText(/Events were taken out meanwhile/)).toBeTruthy();
  asked.mockClear();
  asked.mockImplementation((_, request) => Promise.resolve(answers(request?.method === "POST" ? { kind: "duplicates", changed: 0, removed: 1201 } : { ...toFix, items: [], findings: [finding({})] })));
  await userEvent.click(dialog.getByRole("button", { name: "Remove events" }));
  expect(await screen.findByText("1,201 doubled events removed.")).toBeTruthy();
  expect(screen.queryByRole("dialog")).toBeNull();
  expect(await screen.findByText("Also looked for, nothing found")).toBeTruthy();
  const [url, request] = asked.mock.calls[0] as [string, RequestInit];
  expect([String(url), request.method, request.body]).toEqual(["/api/v1/datasets/d1/fixes", "POST", JSON.stringify({ kind: "duplicates" })]);
});

it("keeps the findings while those of the changed events are on their way", async () => {
  vi.spyOn(globalThis, "fetch").mockResolvedValueOnce(answers(toFix)).mockReturnValue(new Promise(() => undefined));
  function Changing() {
    const [version, setVersion] = useState("1");
    return (
      <>
        <button onClick={() => setVersion("2")}>Change</button>
        <QualityTab dataset={{ ...dataset, version }} />
      </>
    );
  }
  showAt("/", <Changing />, quietClient());
  await screen.findByText(/events look doubled/);
  await userEvent.click(screen.getByRole("button", { name: "Change" }));
  expect(screen.getByText(/events look doubled/)).toBeTruthy();
});

it("says before steps are merged which spelling stays", async () => {
  const alike = finding({ kind: "similar_steps", count: 3, total: 9, fixable: 5, level: "check", examples: [{ ...example, values: ["Cart", "cart ", "CART"], count: 12 }] });
  show(<QualityTab dataset={dataset} />, { ...toFix, findings: [alike] });
  await userEvent.click(await screen.findByRole("button", { name: /^Fix/ }));
  expect(within(await screen.findByRole("dialog")).getByRole("listitem").textContent).toBe("“cart ”, “CART” become “Cart”");
});

function showAliases(canManage: boolean) {
  let aliases = [{ alias: " pay", activity: "Pay" }, { alias: "pay", activity: "Pay" }];
  const asked = vi.spyOn(globalThis, "fetch").mockImplementation((address, request) => {
    const [path, query] = (address as string).split("?");
    if (!path?.endsWith("/step-aliases")) return Promise.resolve(answers(toFix));
    if (request?.method !== "DELETE") return Promise.resolve(answers({ items: aliases }));
    aliases = aliases.filter(({ alias }) => alias !== new URLSearchParams(query).get("alias"));
    return Promise.resolve(new Response(null, { status: 204 }));
  });
  showAt("/", <><main id="content" tabIndex={-1} /><QualityTab dataset={{ ...dataset, access: { ...dataset.access, can_manage: canManage } }} /></>, quietClient());
  return asked;
}

it("lists the other names of steps and ends one after saying what that changes", async () => {
  showAliases(true);
  const table = await screen.findByRole("table", { name: "Other names of steps" });
  const cells = () => within(table).getAllByRole("row").slice(1).map((row) => within(row).getAllByRole("cell").slice(0, 2).map((cell) => cell.textContent));
  expect(cells()).toEqual([["“ pay”", "Pay"], ["“pay”", "Pay"]]);
  const end = async (alias: string): Promise<void> => {
    await userEvent.click(screen.getByRole("button", { name: `End “${alias}”` }));
    const question = await screen.findByRole("alertdialog");
    expect(question.textContent).toContain(`Events that come in as “${alias}” from now on will be a step of that name. Those that are there stay “Pay”.`);
    await userEvent.click(within(question).getByRole("button", { name: "End" }));
    expect(await screen.findByText(`“${alias}” is a step of its own from now on.`)).toBeTruthy();
  };
  await end("pay");
  await waitFor(() => expect(cells()).toEqual([["“ pay”", "Pay"]]));
  await waitFor(() => expect(document.activeElement?.id).toBe("step-aliases"));
  await end(" pay");
  await waitFor(() => expect(screen.queryByRole("table", { name: "Other names of steps" })).toBeNull());
  await waitFor(() => expect(document.activeElement?.id).toBe("content"));
});

it("shows the other names of steps to who may only see them", async () => {
  showAliases(false);
  expect(await screen.findByRole("table", { name: "Other names of steps" })).toBeTruthy();
  expect(screen.queryByRole("button", { name: /^End/ })).toBeNull();
});

it("offers no fix to who does not manage the dataset", async () => {
  show(<QualityTab dataset={{ ...dataset, access: { ...dataset.access, can_manage: false } }} />, toFix);
  await screen.findByRole("list", { name: "Findings" });
  expect(screen.queryByRole("button", { name: /^Fix/ })).toBeNull();
});

it("says that there is nothing to judge, and what went wrong", async () => {
  show(<QualityTab dataset={dataset} />, { events: 0, level: null, findings: [], as_of: "2024-03-01T12:03:00.000Z", is_current: true });
  expect(await screen.findByText("No events yet")).toBeTruthy();
});

const fields = {
  events: 1000,
  items: [
    { field: "device_os", count: 80, distinct: 2, values: [{ value: "i,OS", count: 60 }, { value: "Linux", count: 20 }], min: null, max: null },
    { field: "value", count: 1000, distinct: 7, values: [], min: -1.5, max: 1234 },
    { field: "order_id", count: 10, distinct: 10, values: [{ value: "o1", count: 1 }], min: null, max: null },
  ],
  properties: 0,
  as_of: "2024-03-01T12:03:00.000Z",
  is_current: true,
};

it("says how many properties it leaves out, and that events have changed since", async () => {
  const plan = { field: "properties.plan", count: 10, distinct: 1, values: [], min: null, max: null };
  show(<FieldsTab dataset={dataset} />, { ...fields, items: [...fields.items, plan], properties: 1143, is_current: false });
  expect(await screen.findByText(/1 of 1,143 properties shown/)).toBeTruthy();
  expect(screen.getByText(/1,146 fields have values/)).toBeTruthy();
  expect(screen.getByText(/As of Mar 1, 2024, .* Events have changed since/)).toBeTruthy();
});

it("looks again by itself while events change, and says nothing once they rest", async () => {
  const answer = { events: 1000, level: "good", findings: [finding({})], as_of: "2024-03-01T12:03:00.000Z", is_current: false };
  vi.useFakeTimers({ shouldAdvanceTime: true });
  show(<QualityTab dataset={dataset} />, answer);
  expect(await screen.findByText(/As of Mar 1, 2024/)).toBeTruthy();
  const asked = vi.mocked(fetch).mockImplementation(() => Promise.resolve(new Response(JSON.stringify({ ...answer, is_current: true }), { headers: { "content-type": "application/json" } })));
  await vi.advanceTimersByTimeAsync(10_000);
  await waitFor(() => expect(screen.queryByText(/As of/)).toBeNull());
  const calls = asked.mock.calls.length;
  await vi.advanceTimersByTimeAsync(30_000);
  expect(asked.mock.calls.length).toBe(calls);
});

it("links each value to the journeys with it, for who may analyse", async () => {
  show(<FieldsTab dataset={dataset} />, fields);
  const rows = (await screen.findAllByRole("row")).slice(1).map((row) => row.textContent);
  expect(rows).toEqual(["Operating systemdevice_os8%2i,OS 75%Linux 25%", "Valuevalue100%7-1.5 to 1,234", "Orderorder_id1%10Every value occurs once"]);
  expect(address(screen.getByRole("link", { name: "i,OS 75%" }))).toBe("/explore/map?dataset=d1&f=device_os:i\\,OS");
});

it("shows values without links to who may not analyse", async () => {
  show(<FieldsTab dataset={{ ...dataset, access: { ...dataset.access, can_analyse: false } }} />, fields);
  await screen.findByText("Linux");
  expect(screen.queryByRole("link")).toBeNull();
});

it("keeps the order of kinds within a level", () => {
  const { found, nothing } = sortedFindings([finding({ kind: "same_time", count: 1, level: "check" }), finding({}), finding({ kind: "rare_steps", count: 1, level: "check" })]);
  expect(found.map(({ kind }) => kind)).toEqual(["same_time", "rare_steps"]);
  expect(nothing.map(({ kind }) => kind)).toEqual(["duplicates"]);
});
