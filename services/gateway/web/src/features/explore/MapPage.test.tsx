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
    ...{ failure: null, isBusy: false },
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
  press(screen.getAllByRole("button", { name: "cart" })[0] as HTMLElement);
  await isFocused(/^cart$/);
  expect(where()).toBe("/?sel=cart");
  press(screen.getByRole("button", { name: /^buy/ }));
  await isFocused(/cart → buy/);
  fireEvent.keyDown(document.activeElement as Element, { key: "Escape" });
  await waitFor(() => expect(where()).toBe("/"));
  await isFocused(/^What this map shows$/);
});

it("offers to draw again where only the tables could be shown", async () => {
  const retry = vi.fn();
  map.current = { ...(map.current as JourneyMap), failure: { error: new Error(), from: "layout", retry } };
  show();
  fireEvent.click(await screen.findByRole("button", { name: "Try again" }));
  expect(retry).toHaveBeenCalledOnce();
});
