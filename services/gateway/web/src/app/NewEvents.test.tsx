import { QueryObserver } from "@tanstack/react-query";
import { act, fireEvent, screen, waitFor } from "@testing-library/react";
import { afterEach, beforeAll, beforeEach, expect, it, vi } from "vitest";
import { api } from "@/api/client";
import { datasetsQuery } from "@/api/hooks";
import type { Dataset } from "@/api/types";
import { quietClient, showAt } from "@/test-page";
import { NewEvents } from "./NewEvents";

const WORDS = "New events have come in.";
const LOOK_AGAIN_MS = 30_000;
let stored: Dataset;
let asked: string[];

beforeAll(() => {
  vi.stubGlobal("matchMedia", () => ({ matches: false, addEventListener: vi.fn(), removeEventListener: vi.fn() }));
});
beforeEach(() => {
  vi.useFakeTimers({ shouldAdvanceTime: true });
  stored = { id: "a", version: "1", events: 5, is_public: false, fields: [], access: { can_analyse: true } } as unknown as Dataset;
  asked = [];
  vi.spyOn(api, "get").mockImplementation((path) => {
    asked.push(path);
    return Promise.resolve((path === "/datasets" ? { items: [stored], next_cursor: null } : stored) as never);
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

async function open(address: string) {
  const client = quietClient();
  client.setQueryData(datasetsQuery.queryKey, [stored]);
  showAt(address, <><main id="content" tabIndex={-1} /><NewEvents /></>, client);
  await waitFor(() => expect(document.getElementById("content")).toBeTruthy());
  return client;
}
const change = (part: Partial<Dataset>) => (stored = { ...stored, version: "2", ...part });
const lookAgain = () => act(() => vi.advanceTimersByTimeAsync(LOOK_AGAIN_MS + 1000));

it.each(["/", "/explore/map?dataset=a", "/reports?dataset=a", "/data/datasets/a?dataset=a"])("says on %s that new events have come in, and asks for what is shown when they are wanted", async (address) => {
  await open(address);
  await lookAgain();
  expect(asked).toEqual(["/datasets/a"]);
  expect(screen.queryByText(WORDS)).toBeNull();
  change({ events: 6 });
  await lookAgain();
  const note = screen.getByText(WORDS);
  expect(note.closest("[role=status]")).toBeTruthy();
  // It is known by now, and nobody asks again.
  await lookAgain();
  expect(asked).toEqual(["/datasets/a", "/datasets/a"]);
  fireEvent.click(screen.getByRole("button", { name: "Show them" }));
  await waitFor(() => expect(asked.at(-1)).toBe("/datasets"));
  expect(screen.queryByText(WORDS)).toBeNull();
  expect(document.activeElement?.id).toBe("content");
  await lookAgain();
  expect(screen.queryByText(WORDS)).toBeNull();
  change({ events: 7 });
  await lookAgain();
  expect(screen.getByText(WORDS)).toBeTruthy();
});

it("has nothing to say once the list has been asked for elsewhere, such as after an own change", async () => {
  const client = await open("/explore/map?dataset=a");
  change({ events: 6 });
  await lookAgain();
  expect(screen.getByText(WORDS)).toBeTruthy();
  change({ events: 4 });
  void client.refetchQueries(datasetsQuery);
  await waitFor(() => expect(screen.queryByText(WORDS)).toBeNull());
  await lookAgain();
  expect(screen.queryByText(WORDS)).toBeNull();
  change({ events: 5 });
  await lookAgain();
  expect(screen.getByText(WORDS)).toBeTruthy();
});

it.each([
  ["the events are the same after a new start", "/explore/map?dataset=a", { events: 5 }],
  ["events were taken away", "/explore/map?dataset=a", { events: 4 }],
  ["the page shows no events of it", "/settings/account?dataset=a", { events: 6 }],
  ["the report is about other datasets", "/reports?dataset=a&of=public", { events: 6 }],
  ["the page is for those who may analyse it", "/explore/map?dataset=a", { events: 6, access: { can_analyse: false } }],
])("says nothing where %s", async (_, address, part) => {
  if ("access" in part) stored = { ...stored, access: part.access as Dataset["access"] };
  await open(address);
  change(part as Partial<Dataset>);
  await lookAgain();
  expect(screen.queryByText(WORDS)).toBeNull();
});

it("tells also those who see the numbers and may not analyse", async () => {
  stored = { ...stored, access: { can_analyse: false } as Dataset["access"] };
  await open("/reports?dataset=a");
  change({ events: 6 });
  await lookAgain();
  expect(screen.getByText(WORDS)).toBeTruthy();
});

it("asks nothing while the window is hidden", async () => {
  await open("/explore/map?dataset=a");
  const hidden = vi.spyOn(document, "visibilityState", "get").mockReturnValue("hidden");
  change({ events: 6 });
  await lookAgain();
  expect(asked).toEqual([]);
  hidden.mockRestore();
  await lookAgain();
  expect(screen.getByText(WORDS)).toBeTruthy();
});

it("leaves what an import brings that the page follows to its end", async () => {
  const client = await open("/explore/map?dataset=a");
  const followed = { queryKey: ["imports", "one", "i1"], initialData: { dataset_id: "a", status: "running" }, staleTime: Infinity };
  const stop = new QueryObserver(client, followed).subscribe(() => undefined);
  change({ events: 6 });
  await lookAgain();
  expect(asked).toEqual(["/datasets/a"]);
  expect(screen.queryByText(WORDS)).toBeNull();
  stop();
});
