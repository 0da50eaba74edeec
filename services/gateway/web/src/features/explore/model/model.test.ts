import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { stubsOf, type Stub } from "../draw/stubs";
import { graphOf, randomJourneys } from "../test/samples";
import { backbone, defaultPathRatio, hiddenPathsOf, leastPathRatio, pathChoice, pathCount, shownRepeats } from "./backbone";
import { quantileClasses } from "./classes";
import { factsOf } from "./facts";
import { END, START, pathKey, type Graph, type Path } from "./graph";
import { linksOf, mainWay, widestRoute, type Link } from "./mainWay";
import { neighbours } from "./neighbours";
import { clampStepCount, defaultStepCount, eventsRatio, revealOrder } from "./reveal";

const SEEDS = Array.from({ length: 25 }, (_, seed) => seed + 1);

/** Every simple route, by trying all. */
function allRoutes(links: readonly Link[], from: string, to: string): Link[][] {
  if (from === to) return [[]];
  return links
    .filter((link) => link.from === from)
    .flatMap((link) =>
      allRoutes(
        links.filter((other) => other.from !== from && other.to !== from),
        link.to,
        to,
      ).map((rest) => [link, ...rest]),
    );
}

/** Compares weights from the weakest up; the first difference decides, a longer list of equals counts as weaker. */
function isWider(a: Link[], b: Link[]): boolean {
  const [x, y] = [a, b].map((route) => route.map((link) => link.weight).sort((p, q) => p - q)) as [number[], number[]];
  for (let i = 0; i < Math.min(x.length, y.length); i += 1) if (x[i] !== y[i]) return (x[i] as number) > (y[i] as number);
  return false;
}

describe("main way", () => {
  it.each(SEEDS)("is the widest of all routes (graph %i)", (seed) => {
    const graph = graphOf(randomJourneys(seed, 6, 30));
    const links = linksOf(graph)
      .map((link, index) => ({ ...link, weight: link.weight + (index % 97) / 1000 }))
      .sort((a, b) => b.weight - a.weight);
    const found = widestRoute(links, START, END);
    const routes = allRoutes(links, START, END);
    expect(found).not.toBeNull();
    expect(routes.filter((route) => isWider(route, found as Link[]))).toEqual([]);
  });

  it("prefers the strongest route over a rare shortcut", () => {
    const journeys = [...Array.from({ length: 50 }, () => ["a", "b", "c", "d"]), ["a", "d"], ["a", "d"]];
    expect(mainWay(graphOf(journeys), "d")).toEqual(["a", "b", "c", "d"]);
  });

  it("leads to End when the goal is not set or never happens", () => {
    const graph = graphOf([
      ["a", "b"],
      ["a", "b"],
      ["a", "c"],
    ]);
    expect(mainWay(graph, null)).toEqual(["a", "b"]);
    expect(mainWay(graph, "never")).toEqual(["a", "b"]);
    expect(mainWay(graph, "c")).toEqual(["a", "c"]);
  });

  it("is empty without journeys", () => {
    expect(mainWay(graphOf([]), null)).toEqual([]);
  });
});

/** Steps reached from Start, or able to reach End, over the given paths, those of Start and End among them. */
function reached(graph: Graph, keys: ReadonlySet<string>, from: "start" | "end"): Set<string> {
  const found = new Set(graph.nodes.map((step) => step.activity).filter((step) => keys.has(from === "start" ? pathKey(START, step) : pathKey(step, END))));
  for (let grew = true; grew;) {
    grew = false;
    for (const { source, target } of graph.edges) {
      const [tail, head] = from === "start" ? [source, target] : [target, source];
      if (keys.has(pathKey(source, target)) && found.has(tail) && !found.has(head)) {
        found.add(head);
        grew = true;
      }
    }
  }
  return found;
}

describe("paths", () => {
  it.each(SEEDS)("backbone connects every step with Start and End (graph %i)", (seed) => {
    const graph = graphOf(randomJourneys(seed, 14, 200));
    const keys = backbone(graph, mainWay(graph, null));
    const all = graph.nodes.map((step) => step.activity).sort();
    expect([...reached(graph, keys, "start")].sort()).toEqual(all);
    expect([...reached(graph, keys, "end")].sort()).toEqual(all);
  });

  it.each(SEEDS)("with fewest paths a picture holds the strongest way in and out of each step, however rare (graph %i)", (seed) => {
    const journeys = [...randomJourneys(seed, 10, 150), ["lone"], ["again", "again"], ["pair", "of two"], ["loop", "back", "loop", "back", "loop"], ["s9", "late"]];
    const graph = graphOf(journeys);
    const main = mainWay(graph, null);
    const choice = pathChoice(graph, main);
    const drawn = new Set(choice.order.slice(0, pathCount(choice, 0)).map(({ source, target }) => pathKey(source, target)));
    drawn.add(pathKey(START, main[0] as string)).add(pathKey(main.at(-1) as string, END));
    for (const [step, { shown }] of stubsOf(graph, main, true, "down")) for (const { kind } of shown) drawn.add(kind === "start" ? pathKey(START, step) : pathKey(step, END));
    // Counted move by move.
    const moves = new Map<string, number>();
    for (const journey of journeys) {
      const places = [START, ...journey, END];
      for (const [at, place] of places.slice(1).entries()) if (place !== places[at]) moves.set(pathKey(places[at] as string, place), (moves.get(pathKey(places[at] as string, place)) ?? 0) + 1);
    }
    const places = [START, END, ...graph.nodes.map(({ activity }) => activity)];
    for (const { activity } of graph.nodes) {
      for (const keys of [places.map((place) => pathKey(place, activity)), places.map((place) => pathKey(activity, place))]) {
        const most = Math.max(...keys.map((key) => moves.get(key) ?? 0));
        expect(keys.filter((key) => moves.get(key) === most && drawn.has(key)), activity).not.toEqual([]);
      }
    }
    const all = graph.nodes.map((step) => step.activity).sort();
    expect([...reached(graph, drawn, "start")].sort()).toEqual(all);
    expect([...reached(graph, drawn, "end")].sort()).toEqual(all);
  });

  it("reach the wanted share of moves, repeats left out", () => {
    const graph = graphOf(randomJourneys(3, 16, 400));
    const choice = pathChoice(graph, mainWay(graph, null));
    expect(choice.cumulated.at(-1)).toBeCloseTo(1);
    expect(choice.order.every((path) => path.source !== path.target)).toBe(true);
    for (const share of [0.5, 0.7, 0.9, 1]) {
      const count = pathCount(choice, share);
      expect(choice.cumulated[count - 1]).toBeGreaterThanOrEqual(share - 1e-9);
      if (count > choice.backboneCount) expect(choice.cumulated[count - 2]).toBeLessThan(share);
    }
    expect(pathCount(choice, 0)).toBe(choice.backboneCount);
    expect(pathCount(choice, leastPathRatio(choice))).toBe(choice.backboneCount);
    const perStep = pathCount(choice, defaultPathRatio(choice, graph.nodes.length)) / graph.nodes.length;
    expect(perStep).toBeGreaterThan(1.5);
    expect(perStep).toBeLessThan(2.2);
  });

  it("begin with what pictures of the server draw", async () => {
    interface SampleMap {
      name: string;
      goals: string[];
      cases: number;
      steps: [activity: string, count: number, cases: number, starts: number, ends: number, rank: number][];
      moves: [source: string, target: string, count: number][];
    }
    const folder = resolve("../../mining/tests");
    const maps = JSON.parse(readFileSync(`${folder}/sample_maps.json`, "utf8")) as SampleMap[];
    const written = (paths: readonly Path[]): string[] => paths.map(({ source, target }) => `${source} → ${target}`);
    const shown = maps.map(({ name, goals, cases, steps, moves }) => {
      const graph = {
        ...{ cases, cases_without: 0 },
        nodes: steps.map(([activity, count, , starts, ends]) => ({ activity, count, starts, ends })),
        edges: moves.map(([source, target, count]) => ({ source, target, count })),
      } as Graph;
      const of = (goal: string) => {
        const main = mainWay(graph, goal || null);
        const choice = pathChoice(graph, main);
        const paths = choice.order.slice(0, pathCount(choice, defaultPathRatio(choice, graph.nodes.length)));
        const stubs = [...stubsOf(graph, main, true, "down")];
        const at = (kind: Stub["kind"]): string[] => stubs.filter(([, { shown }]) => shown.some((stub) => stub.kind === kind)).map(([step]) => step);
        return { goal, main_way: main, paths: written(paths), repeats: written(shownRepeats(graph)), starts: at("start"), ends: at("end") };
      };
      return { name, shown: goals.map(of) };
    });
    // Its tests hold the server to this file; when the rule changes, `npx vitest run model.test -u` writes it anew.
    await expect(`${JSON.stringify(shown, null, 1)}\n`).toMatchFileSnapshot(`${folder}/shown_paths.json`);
  });

  it("shows repeats from 5 % of a step's events, and what a selection needs from 2 %", () => {
    const journeys = [
      ...Array.from({ length: 95 }, () => ["a", "b"]),
      ["a", "a", "b"],
      ["b", "b", "b", "b", "b", "b", "b"],
      ["c", "a"],
      ["c", "a"],
      ["c", "a"],
    ];
    const graph = graphOf(journeys);
    expect(shownRepeats(graph).map((path) => path.source)).toEqual(["b"]);
    const drawn = new Set([pathKey("a", "b")]);
    expect(hiddenPathsOf(graph, "a", drawn).map((path) => pathKey(path.source, path.target))).toEqual([pathKey("c", "a")]);
  });
});

describe("steps", () => {
  const graph = graphOf(randomJourneys(5, 20, 300));
  const main = mainWay(graph, null);
  const order = revealOrder(graph, main);

  it("are revealed main way first, then most frequent, each once", () => {
    expect(order.slice(0, main.length)).toEqual(main);
    expect(new Set(order).size).toBe(graph.nodes.length);
    const rest = order.slice(main.length).map((name) => graph.nodes.find((step) => step.activity === name)?.count ?? 0);
    expect(rest).toEqual([...rest].sort((a, b) => b - a));
  });

  it("open with 11 to 13, on a phone with 10, never fewer than the main way", () => {
    const desktop = defaultStepCount(graph, order, 3, false);
    expect(desktop).toBeGreaterThanOrEqual(11);
    expect(desktop).toBeLessThanOrEqual(13);
    expect(defaultStepCount(graph, order, 3, true)).toBe(10);
    expect(defaultStepCount(graph, order, 15, true)).toBe(15);
    expect(clampStepCount(4, 20, 7)).toBe(7);
    expect(clampStepCount(99, 20, 7)).toBe(20);
    expect(eventsRatio(graph, order)).toBeCloseTo(1);
  });
});

describe("classes", () => {
  it("have bounds that are values, ascending, and put equal values together", () => {
    const values = [3, 3, 3, 8, 1, 9, 12, 40, 41, 100];
    const { bounds, shadeOf } = quantileClasses(values);
    expect(bounds.every((bound) => values.includes(bound))).toBe(true);
    expect(bounds).toEqual([...bounds].sort((a, b) => a - b));
    expect(shadeOf(1)).toBe(0);
    expect(shadeOf(100)).toBe(4);
    for (const bound of bounds) expect(shadeOf(bound)).toBeLessThan(shadeOf(bound + 0.1));
  });

  it("are one when all values are equal, and none without values", () => {
    expect(quantileClasses([5, 5, 5]).bounds).toEqual([]);
    expect(quantileClasses([]).shadeOf(7)).toBe(2);
  });
});

describe("panel", () => {
  it.each(SEEDS)("rows before and after a step add up to its events (graph %i)", (seed) => {
    const graph = graphOf(randomJourneys(seed, 12, 200));
    for (const step of graph.nodes) {
      for (const side of ["before", "after"] as const) {
        const rows = neighbours(graph, step.activity, side);
        expect(rows.reduce((sum, row) => sum + row.count, 0)).toBe(step.count);
        expect(rows.reduce((sum, row) => sum + row.ratio, 0)).toBeCloseTo(1);
        expect(rows.length).toBeLessThanOrEqual(6);
      }
    }
  });

  it("facts name the goal rate, the longest wait and the most repeated step", () => {
    const graph = graphOf([
      ...Array.from({ length: 40 }, () => ["a", "b", "b", "b", "goal"]),
      ...Array.from({ length: 60 }, () => ["a", "c"]),
    ]);
    const slow = graph.edges.find((path) => path.source === "a" && path.target === "c");
    if (slow) slow.median_seconds = 99;
    const facts = factsOf(graph, "goal");
    expect(facts.goal).toEqual({ step: "goal", journeys: 40, ratio: 0.4 });
    expect(facts.longestWait).toMatchObject({ source: "a", target: "c" });
    expect(facts.mostRepeated).toMatchObject({ times: 3 });
    expect(factsOf(graph, null).goal).toBeNull();
  });
});
