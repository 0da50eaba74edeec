import { fireEvent, screen, waitFor } from "@testing-library/react";
import { useState } from "react";
import { afterEach, beforeAll, expect, it, vi } from "vitest";
import { api } from "@/api/client";
import { loadMessages } from "@/messages";
import { quietClient, showAt } from "@/test-page";
import { emptyDraft, type Draft } from "./draft";
import { ImportStep } from "./ImportStep";
import type { Sample } from "./sample";

beforeAll(async () => {
  vi.stubGlobal("matchMedia", () => ({ matches: false, addEventListener: vi.fn(), removeEventListener: vi.fn() }));
  await loadMessages("data", "wizard");
});
afterEach(() => vi.restoreAllMocks());

function show(part: { events: number; canManage: boolean }, draft: Partial<Draft> = {}) {
  const dataset = { id: "d1", name: "Orders", owner: "linh", case: "customer", session_gap_minutes: null, goal_activity: null, events: part.events, access: { can_see: true, can_analyse: true, can_write: true, can_manage: part.canManage } };
  const check = { id: "c1", status: "completed", rows_accepted: 3, rows_rejected: 0, steps: [], findings: [] };
  vi.spyOn(api, "get").mockImplementation((path) => Promise.resolve((path === "/datasets/d1" ? dataset : check) as never));
  const post = vi.spyOn(api, "post").mockResolvedValue({ id: "i1", status: "queued" });
  function Wizard() {
    const [kept, setKept] = useState<Draft>({ ...emptyDraft("d1"), checkId: "c1", checkedMapping: '{"columns":[]}', ...draft });
    return <ImportStep draft={kept} change={(change) => setKept((former) => ({ ...former, ...change }))} file={new File(["a\n"], "may.csv")} sample={{ columns: [] } as unknown as Sample} goTo={vi.fn()} />;
  }
  showAt("/data/imports/new", <Wizard />, quietClient());
  return post;
}

const sentFlag = (post: ReturnType<typeof show>): unknown => (post.mock.calls[0]?.[1] as FormData).get("replaces_dataset");

it("replaces what is there only after its name was typed", async () => {
  const post = show({ events: 12, canManage: true });
  expect(await screen.findByText("Orders has 12 events now")).toBeTruthy();
  fireEvent.click(screen.getByRole("radio", { name: "Replace it" }));
  fireEvent.click(screen.getByRole("button", { name: "Replace dataset" }));
  const typed = await screen.findByLabelText(/^Type/);
  fireEvent.change(typed, { target: { value: "orders" } });
  fireEvent.submit(typed);
  expect(post).not.toHaveBeenCalled();
  fireEvent.change(typed, { target: { value: "Orders" } });
  fireEvent.submit(typed);
  await waitFor(() => expect(post).toHaveBeenCalled());
  expect(sentFlag(post)).toBe("true");
});

it("says who may replace, and adds though the draft was of somebody who might", async () => {
  const post = show({ events: 12, canManage: false }, { replaces: true });
  const replace = await screen.findByRole<HTMLInputElement>("radio", { name: "Replace it" });
  expect([replace.disabled, replace.checked]).toEqual([true, false]);
  expect(screen.getByText(/^Only linh, who owns the dataset/)).toBeTruthy();
  fireEvent.click(await screen.findByRole("button", { name: "Import" }));
  await waitFor(() => expect(post).toHaveBeenCalled());
  expect(sentFlag(post)).toBeNull();
});

it("asks nothing where nothing is", async () => {
  show({ events: 0, canManage: true });
  await screen.findByRole("button", { name: "Import" });
  expect(screen.queryByRole("radio")).toBeNull();
  await screen.findByText("3 rows will be taken in");
});
