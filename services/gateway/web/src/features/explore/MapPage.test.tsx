import { fireEvent, screen, waitFor } from "@testing-library/react";
import type { ReactNode } from "react";
import { beforeEach, expect, it, vi } from "vitest";
import { loadMessages } from "@/messages";
import { quietClient, showAt } from "@/test-page";
import MapPage from "./MapPage";
import { graphOf } from "./test/samples";
import type { JourneyMap } from "./useJourneyMap";

const map = vi.hoisted<{ current: unknown }>(() => ({ current: null }));
vi.mock("./useJourneyMap", () => ({ MOST_STEPS: 150, useJourneyMap: () => map.current }));
vi.mock("./draw/layoutClient", () => ({ warmUpLayout: vi.fn() }));
vi.mock("./map/MapCanvas", () => ({ MapCanvas: ({ onTable }: { onTable: () => void }) => <button onClick={onTable}>{"T"}</button> }));
const graph = graphOf([
  ["home", "home", "cart", "buy"],
  ["home", "buy"],
]);
vi.mock("./ExploreLayout", () => ({
  ExploreTabs: ({ actions }: { actions: ReactNode }) => actions ?? null,
  WhenReady: ({ children }: { children: (ready: unknown) => ReactNode }) =>
    children({ dataset: { id: "d1", name: "Shop", goal_activity: "buy" }, full: graph, isStale: false }),
}));

beforeEach(async () => {
  vi.stubGlobal("matchMedia", (query: string) => ({
    matches: query.includes("min-width"),
    addEventListener: vi.fn(),
    removeEventListener: vi.fn(),
  }));
  vi.spyOn(globalThis, "fetch").mockImplementation(() => Promise.resolve(new Response("[]", { headers: { "content-type": "application/json" } })));
  vi.stubGlobal("ResizeObserver", class { observe = vi.fn(); unobserve = vi.fn(); disconnect = vi.fn(); });
  const [paths, repeats] = [graph.edges.filter((path) => path.source !== path.target), graph.edges.filter((path) => path.source === path.target)];
  const steps = graph.nodes.map((step) => step.activity);
  map.current = {
    ...{ mainSteps: ["home", "buy"], order: steps, steps: 3, fresh: graph, leaving: new Set(), sliders: [], movesShare: "100%", announced: "" },
    ...{ failure: null, isBusy: false, isWaiting: false },
    shown: { graph, mainSteps: [], paths: paths.slice(0, 2), repeats, scene: { classes: { bounds: [] }, bounds: {} }, places: {}, direction: "down" },
  };
  await loadMessages("explore");
});

const show = () => showAt("/", <MapPage />, quietClient());
const press = (element: HTMLElement): void => {
  element.focus();
  fireEvent.click(element);
};
const isFocused = async (title: RegExp) =>
  waitFor(() => expect(document.activeElement).toBe(screen.getByRole("heading", { level: 2, name: title })));

it("takes the focus along: to the table, to what is chosen in it, and from there to a path", async () => {
  const { where } = show();
  const key = await screen.findByText("T");
  expect(document.activeElement).toBe(document.body);
  press(key);
  await isFocused(/^3 steps$/);
  expect(screen.getByRole("heading", { name: "2 of 3 paths and 1 repeat" })).toBeTruthy();
  expect(screen.queryByText(/because of what is selected/)).toBeNull();
  press(screen.getAllByRole("button", { name: "cart" })[0] as HTMLElement);
  await isFocused(/^cart$/);
  expect(where()).toBe("/?sel=cart");
  press(screen.getByRole("button", { name: /^buy/ }));
  await isFocused(/cart → buy/);
  fireEvent.keyDown(document.activeElement as Element, { key: "Escape" });
  await waitFor(() => expect(where()).toBe("/"));
  await isFocused(/^What this map shows$/);
});

it("tells in the table which paths the selection brings in, beyond those that the slider counts", async () => {
  const { shown, ...rest } = map.current as JourneyMap;
  map.current = { ...rest, shown: { ...shown, selected: 1 } };
  showAt("/?view=table&sel=cart", <MapPage />, quietClient());
  expect(await screen.findByText("1 of them is shown because of what is selected; the Paths slider counts the other 1.")).toBeTruthy();
});

it("offers to draw again where only the tables could be shown", async () => {
  const retry = vi.fn();
  map.current = { ...(map.current as JourneyMap), failure: { error: new Error(), from: "layout", retry } };
  show();
  fireEvent.click(await screen.findByRole("button", { name: "Try again" }));
  expect(retry).toHaveBeenCalledOnce();
});

it("says what the whole map shows before the picture is there, and of a selection only what is known", async () => {
  const waiting = { ...(map.current as JourneyMap), shown: null, isWaiting: true, movesShare: null };
  map.current = { ...waiting, sliders: [{ label: "Paths", text: null, spoken: "", min: 0, max: 9, step: 1, value: 0, onDrag: vi.fn(), onRelease: vi.fn() }] };
  const { unmount } = show();
  await screen.findByRole("heading", { name: "What this map shows" });
  expect(screen.getAllByRole("status", { name: "Loading" })).toHaveLength(1);
  expect(screen.queryByRole("slider")).toBeNull();
  unmount();
  showAt("/?sel=cart", <MapPage />, quietClient());
  await waitFor(() => expect(screen.getAllByRole("status", { name: "Loading" })).toHaveLength(2));
  expect(screen.queryByRole("heading", { name: "cart" })).toBeNull();
});

it("keeps the panel of a map of too many steps", async () => {
  map.current = { ...(map.current as JourneyMap), shown: null, fresh: null, steps: 151 };
  show();
  await screen.findByText("Too many steps to draw");
  expect(screen.getByRole("heading", { name: "What this map shows" })).toBeTruthy();
});

it("saves no picture of the scope before", async () => {
  map.current = { ...(map.current as JourneyMap), isBusy: true };
  show();
  fireEvent.click(await screen.findByRole("button", { name: "Export" }));
  const item = await screen.findByRole<HTMLButtonElement>("menuitem", { name: "Picture (PNG)" });
  expect(item.disabled).toBe(true);
  expect(screen.getByRole<HTMLButtonElement>("menuitem", { name: "Copy link" }).disabled).toBe(false);
});

it("goes from the table back to the map as it was", async () => {
  const { where, back } = show();
  press(await screen.findByText("T"));
  await waitFor(() => expect(where()).toBe("/?view=table"));
  back();
  await waitFor(() => expect(where()).toBe("/"));
  expect(await screen.findByText("T")).toBeTruthy();
});
