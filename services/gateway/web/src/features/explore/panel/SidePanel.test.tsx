import { screen, waitFor } from "@testing-library/react";
import { expect, it, vi } from "vitest";
import { loadMessages } from "@/messages";
import { quietClient, showAt } from "@/test-page";
import { factsOf } from "../model/facts";
import type { Graph } from "../model/graph";
import type { Selection } from "../state";
import { graphOf } from "../test/samples";
import { SidePanel } from "./SidePanel";

const timed = (graph: Graph, seconds: number, hidden: number): Graph => ({
  ...graph,
  edges: graph.edges.map((path) => (path.source === "view" && path.target === "cart" ? { ...path, median_seconds: seconds, hidden_ratio: hidden } : path)),
});
const journeys = (step: string[]) => [...Array.from({ length: 22 }, () => ["view", "cart"]), ...Array.from({ length: 4 }, () => ["view", ...step, "cart"])];

it("says of a path with hidden steps what the fact says that leads to it", async () => {
  vi.stubGlobal("matchMedia", () => ({ matches: false, addEventListener: vi.fn(), removeEventListener: vi.fn() }));
  vi.spyOn(globalThis, "fetch").mockImplementation(() => new Promise(() => undefined));
  await loadMessages("explore");
  const [full, graph] = [timed(graphOf(journeys(["help"])), 150, 0), timed(graphOf(journeys([])), 170, 4 / 26)];
  const panel = (selection: Selection | null) => (
    <SidePanel {...{ full, graph, selection, mode: "frequency", facts: factsOf(full, null), ways: undefined, isStale: false, unit: "session", onSelect: vi.fn(), onReveal: vi.fn() }} />
  );
  const client = quietClient();
  client.setQueryData(["datasets"], []);
  const { unmount } = showAt("/", panel(null), client);
  const fact = await screen.findByRole("button", { name: /^Longest wait/ });
  expect(fact.textContent).toBe("Longest wait: 2 m 30 sview → cart, 22 direct moves");
  unmount();
  showAt("/", panel({ kind: "path", source: "view", target: "cart" }), client);
  await screen.findByText(/15% of these moves pass through hidden steps/);
  expect(screen.getByText(/hidden steps/).textContent).toContain("22 moves are direct: median wait 2 m 30 s");
});

it.each([
  ["none when all are shown", 2, []],
  ["the shown ones when some are hidden", 1, ["cart", "view"]],
] as const)("asks for the waits of a path with the steps: %s", async (_, shown, asked) => {
  vi.stubGlobal("matchMedia", () => ({ matches: false, addEventListener: vi.fn(), removeEventListener: vi.fn() }));
  const fetched = vi.spyOn(globalThis, "fetch").mockImplementation(() => new Promise(() => undefined));
  await loadMessages("explore", "filters");
  const graphs = [graphOf(journeys([])), graphOf(journeys(["help"]))];
  const [full, graph] = [graphs[1], graphs[shown - 1]] as [Graph, Graph];
  const client = quietClient();
  client.setQueryData(["datasets"], [{ id: "d1", name: "Shop", case: "customer", session_gap_minutes: 30, fields: [], access: { can_analyse: true } }]);
  const selection: Selection = { kind: "path", source: "view", target: "cart" };
  showAt("/explore/map?dataset=d1", <SidePanel {...{ full, graph, selection, mode: "frequency", facts: factsOf(full, null), ways: undefined, isStale: false, unit: "session", onSelect: vi.fn(), onReveal: vi.fn() }} />, client);
  const addresses = () => fetched.mock.calls.map(([address]) => new URL(address as string, "http://x")).filter(({ pathname }) => pathname.endsWith("/path-times"));
  await waitFor(() => expect(addresses()).toHaveLength(1));
  expect(addresses()[0]?.searchParams.getAll("activity")).toEqual(asked);
});

it("tells before and after a step what the map shows: moves, or waiting times with the moves beside", async () => {
  vi.stubGlobal("matchMedia", () => ({ matches: false, addEventListener: vi.fn(), removeEventListener: vi.fn() }));
  vi.spyOn(globalThis, "fetch").mockImplementation(() => new Promise(() => undefined));
  await loadMessages("explore");
  const graph = timed(graphOf(journeys(["help"])), 150, 0);
  const client = quietClient();
  client.setQueryData(["datasets"], []);
  const rowsIn = async (mode: "frequency" | "time") => {
    const { unmount } = showAt("/", <SidePanel {...{ full: graph, graph, selection: { kind: "step", step: "view" }, mode, facts: factsOf(graph, null), ways: undefined, isStale: false, unit: "session", onSelect: vi.fn(), onReveal: vi.fn() }} />, client);
    const heading = await screen.findByRole("heading", { name: mode === "time" ? "Median wait after this step" : "After this step" });
    const list = heading.nextElementSibling as HTMLElement;
    const rows = [...list.children].map((row) => [row.textContent, row.querySelector<HTMLElement>("[style]")?.style.width]);
    const start = screen.getByText("Start").nextElementSibling?.innerHTML;
    unmount();
    return { rows, start };
  };
  const moves = await rowsIn("frequency");
  expect(moves.start).toBe("<b>26</b> · 100%");
  expect(moves.rows).toEqual([["cart22 · 85%", expect.stringMatching(/^84\.6/)], ["help4 · 15%", expect.stringMatching(/^15\.3/)]]);
  const { rows, start } = await rowsIn("time");
  expect(rows).toEqual([["cart2 m 30 s · 22 moves", "100%"], ["help1 s · 4 moves", expect.stringMatching(/^0\.66/)]]);
  expect(start).toBe("26 · 100%");
});
