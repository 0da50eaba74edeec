import { fireEvent, screen, waitFor } from "@testing-library/react";
import { beforeAll, beforeEach, expect, it, vi } from "vitest";
import { api, ApiError } from "@/api/client";
import { meQuery } from "@/api/hooks";
import type { Analysis, Me } from "@/api/types";
import { loadMessages } from "@/messages";
import { quietClient, showAt } from "@/test-page";
import FrozenPage from "./FrozenPage";

vi.mock("@/features/explore/draw/layoutClient", () => ({ warmUpLayout: vi.fn(), graphvizPlain: () => new Promise(() => undefined) }));

beforeAll(async () => {
  vi.stubGlobal("matchMedia", () => ({ matches: false, addEventListener: vi.fn(), removeEventListener: vi.fn() }));
  vi.stubGlobal("ResizeObserver", class { observe = vi.fn(); unobserve = vi.fn(); disconnect = vi.fn(); });
  await loadMessages("history", "explore", "filters");
});
beforeEach(() => vi.restoreAllMocks());

const analysis = {
  ...{ id: "a1", kind: "inductive_tree", status: "succeeded", dataset_id: "d9", dataset_name: "Old shop", case: "session", session_gap_minutes: 30, cases: 600, events: 4000, error: null },
  ...{ from: "2024-01-06", to: null, filter: ["step:cart"], parameters: { noise_threshold: 0.2 }, created_by_id: "u2", created_at: "2024-05-01T12:00:00Z", finished_at: "2024-05-01T12:00:09Z" },
} as unknown as Analysis;
const refused = (status: number) => Promise.reject(new ApiError({ type: "about:blank", title: "", status, reason: "refused", detail: "In words of the server." }));

/** Shows the page of analysis a1 for one who sees the datasets of these ids; returns what was asked of the API. */
function show(answers: Record<string, unknown> = {}, datasets = ["d1"]) {
  const get = vi.spyOn(api, "get").mockImplementation((path) => {
    const all: Record<string, unknown> = {
      ...{ "/analyses/a1": analysis, "/analyses/a1/result": { root: { activity: "cart" } }, "/users": { items: [{ id: "u2", username: "Linh" }], next_cursor: null } },
      ...{ "/datasets": { items: datasets.map((id) => ({ id, fields: [] })), next_cursor: null }, "/journal": { items: [], next_cursor: null }, ...answers },
    };
    return Promise.resolve(all[path]);
  });
  const client = quietClient();
  client.setQueryData(meQuery.queryKey, { user: { id: "u1" } } as Me);
  // As it was before the dataset came back.
  client.setQueryData(["datasets"], [{ id: "d1", fields: [] }]);
  return { ...showAt("/history/analyses/a1", <FrozenPage />, client), asked: () => get.mock.calls.map(([path]) => path) };
}

it("shows the result with its settings, who made it when and its pictures, and asks nothing of the dataset", async () => {
  const { asked } = show();
  await screen.findByRole("heading", { name: "Process tree" });
  expect(screen.getByText("From Jan 6, 2024 · journeys by session, new after 30 min · Goes through cart · rare behaviour left out 20%")).toBeTruthy();
  expect(await screen.findByText(/^Started by Linh on May 1, 2024/)).toBeTruthy();
  expect(screen.getAllByRole("link").map((link) => link.getAttribute("href"))).toEqual(["/api/v1/analyses/a1/graph.svg", "/api/v1/analyses/a1/graph.png", "/history"]);
  expect(screen.queryAllByRole("button")).toEqual([]);
  expect(asked().filter((path) => path.startsWith("/datasets/"))).toEqual([]);
  const note = vi.spyOn(api, "post").mockResolvedValue(undefined);
  const link = screen.getAllByRole("link")[0] as HTMLElement;
  link.addEventListener("click", (event) => event.preventDefault());
  fireEvent.click(link);
  expect(note).toHaveBeenCalledExactlyOnceWith("/datasets/d9/exports", expect.objectContaining({ object: "model", format: "svg", object_id: "a1" }));
});

it.each([
  [true, ["/history?show=deleted"]],
  [false, []],
])("says that the dataset was deleted and until when it can be restored (by the reader: %s)", async (can_restore, links) => {
  const removed = { object: "import", restorable_until: null, can_restore: false };
  const deleted = { object: "dataset", dataset_name: "Old shop", restorable_until: "2026-12-30T08:00:00Z", can_restore };
  show({ "/journal": { items: [removed, deleted], next_cursor: null } });
  const note = (await screen.findByText("Old shop", { selector: "b" })).parentElement!;
  expect(note.textContent).toContain(`The dataset Old shop was deleted: this is how it looked when the analysis was made, and its owner or an administrator can restore it until Dec 30, 2026.`);
  expect([...note.querySelectorAll("a")].map((link) => link.getAttribute("href"))).toEqual(links);
});

it.each([
  ["is erased", { "/analyses/a1": () => refused(404) }],
  ["may not be seen any more", { "/analyses/a1/result": () => refused(404) }],
  ["may not be analysed any more", { "/analyses/a1/result": () => refused(403) }],
])("says in one sentence that there is no result where the dataset %s", async (_, answers) => {
  show(Object.fromEntries(Object.entries(answers).map(([path, answer]) => [path, { then: (...told: Parameters<Promise<never>["then"]>) => answer().then(...told) }])));
  await screen.findByText("This result is not there any more");
  expect(screen.queryByText("Process tree")).toBeNull();
  expect(screen.getByRole("link", { name: "Open History" })).toBeTruthy();
});

it("says of one without a result why there is none", async () => {
  show({ "/analyses/a1": { ...analysis, status: "failed", error: { reason: "too_large", detail: "Too many steps." } } });
  await screen.findByText("Too many steps.");
  expect(screen.queryByText(/was deleted/)).toBeNull();
  expect(screen.queryByRole("button")).toBeNull();
});

it("goes where it was made once the dataset is there again", async () => {
  const { where } = show({}, ["d1", "d9"]);
  await waitFor(() => expect(where()).toBe("/explore/models?dataset=d9&from=2024-01-06&f=step:cart&case=session&pause=30&analysis=a1"));
});
