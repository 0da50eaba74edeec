import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import { afterEach, beforeAll, beforeEach, expect, it, vi } from "vitest";
import { ApiError, api } from "@/api/client";
import { meQuery } from "@/api/hooks";
import type { Dataset, Me } from "@/api/types";
import { loadMessages } from "@/messages";
import { quietClient, showAt } from "@/test-page";
import DatasetsPage from "./DatasetsPage";

beforeAll(async () => {
  vi.stubGlobal("matchMedia", () => ({ matches: false, addEventListener: vi.fn(), removeEventListener: vi.fn() }));
  vi.stubGlobal("ResizeObserver", class { observe() {} unobserve() {} disconnect() {} });
  await loadMessages("data", "home");
});

const access = { can_see: true, can_analyse: true, can_write: true, can_manage: true };
const datasetOf = (id: string, events: number) =>
  ({ id, name: `Shop ${id}`, owner: "Linh", owner_id: "u1", events, customers: 5, version: "1", fields: [], time_zone: "UTC", case: "session", session_gap_minutes: 30, access }) as unknown as Dataset;

let datasets: Dataset[];
/** Answers to the question how many journeys a dataset has, by its id; in the order asked. */
let questions: { id: string; resolve: (journeys: number, isCurrent?: boolean) => void; reject: (error: Error) => void }[];
beforeEach(() => {
  datasets = [datasetOf("a", 90), datasetOf("b", 0), datasetOf("c", 4000), datasetOf("d", 90)];
  questions = [];
  vi.spyOn(api, "get").mockImplementation((path) => {
    const [, , id = "", what] = path.split("/");
    if (what !== "journeys-count") return Promise.resolve({ items: path === "/datasets" ? datasets : [], next_cursor: null } as never);
    return new Promise((resolve, reject) => {
      questions.push({ id, resolve: (journeys, isCurrent = true) => resolve({ journeys, as_of: "2024-05-07T10:00:00.000Z", is_current: isCurrent }), reject });
    });
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

async function show() {
  const client = quietClient();
  client.setQueryData(meQuery.queryKey, { user: { id: "u1", role: "admin" } } as Me);
  showAt("/data/datasets", <DatasetsPage />, client);
  await screen.findByRole("table", { name: "Datasets" });
  return client;
}

const rows = () => screen.getAllByRole("row").slice(1);
const cellOf = (row: HTMLElement) => within(row).getAllByRole("cell").find((cell) => cell.dataset.label === "Journeys")!;
const numbers = () => rows().map((row) => cellOf(row).textContent);
const asked = () => questions.map(({ id }) => id);

it("counts one dataset after the other, none without events, and goes on when one fails", async () => {
  await show();
  await waitFor(() => expect(asked()).toEqual(["a"]));
  expect(numbers()).toEqual(["…", "0", "…", "…"]);
  // As wide as the number of events, so that nothing moves.
  expect(rows().map((row) => (cellOf(row).firstElementChild as HTMLElement).style.minWidth)).toEqual(["2ch", "1ch", "5ch", "2ch"]);
  questions[0]!.reject(new ApiError({ type: "", title: "", status: 503, reason: "full", detail: "The store of events is full." }));
  await waitFor(() => expect(asked()).toEqual(["a", "c"]));
  questions[1]!.resolve(1234);
  await waitFor(() => expect(asked()).toEqual(["a", "c", "d"]));
  questions[2]!.resolve(7);
  await waitFor(() => expect(numbers()).toEqual(["–", "0", "1,234", "7"]));

  const again = screen.getByRole("button", { name: "The journeys could not be counted. The store of events is full. Press to count again." });
  fireEvent.focus(again);
  expect(await screen.findByRole("tooltip")).toBeTruthy();
  fireEvent.click(again);
  await waitFor(() => expect(numbers()[0]).toBe("…"));
  questions[3]!.resolve(8);
  await waitFor(() => expect(numbers()).toEqual(["8", "0", "1,234", "7"]));
  expect(screen.queryByRole("tooltip")).toBeNull();
});

it("sorts by the number, what is not known yet last", async () => {
  await show();
  fireEvent.click(screen.getByRole("button", { name: "Journeys" }));
  for (const [place, journeys] of [3, 1234].entries()) {
    await waitFor(() => expect(questions.length).toBe(place + 1));
    questions[place]!.resolve(journeys);
  }
  await waitFor(() => expect(numbers()).toEqual(["1,234", "3", "0", "…"]));
  questions[2]!.resolve(50);
  await waitFor(() => expect(numbers()).toEqual(["1,234", "50", "3", "0"]));
});

it("counts anew after an import, the former number standing meanwhile, and never shows that of another unit", async () => {
  datasets = [datasetOf("a", 90)];
  const client = await show();
  await waitFor(() => expect(asked()).toEqual(["a"]));
  questions[0]!.resolve(7);
  await waitFor(() => expect(numbers()).toEqual(["7"]));

  datasets = [{ ...datasets[0]!, version: "2" }];
  await client.refetchQueries({ queryKey: ["datasets"], exact: true });
  await waitFor(() => expect(questions.length).toBe(2));
  expect(numbers()).toEqual(["7"]);
  questions[1]!.resolve(9);
  await waitFor(() => expect(numbers()).toEqual(["9"]));

  datasets = [{ ...datasets[0]!, case: "customer" }];
  await client.refetchQueries({ queryKey: ["datasets"], exact: true });
  await waitFor(() => expect(questions.length).toBe(3));
  expect(numbers()).toEqual(["…"]);
});

it("counts again by itself while the count is of before", async () => {
  vi.useFakeTimers({ shouldAdvanceTime: true });
  datasets = [datasetOf("a", 90)];
  await show();
  await waitFor(() => expect(asked()).toEqual(["a"]));
  questions[0]!.resolve(7, false);
  await waitFor(() => expect(numbers()).toEqual(["7"]));
  await vi.advanceTimersByTimeAsync(10_000);
  await waitFor(() => expect(questions.length).toBe(2));
  questions[1]!.resolve(9);
  await waitFor(() => expect(numbers()).toEqual(["9"]));
});
