import { Graphviz } from "@hpcc-js/wasm-graphviz";
import { describe, expect, it } from "vitest";
import { defaultPathRatio, pathChoice, pathCount, shownRepeats, skeletonCount } from "../model/backbone";
import { END, START, pathKey } from "../model/graph";
import { mainWay } from "../model/mainWay";
import { graphOf, randomJourneys, randomOf } from "../test/samples";
import { CARD_HEIGHT, CARD_WIDTH, bottomOf, leftOf, overlaps, rectAround, rightOf, topOf, type Box, type Point } from "./geometry";
import { placeLabels } from "./labels";
import { dotOf, placeWithDagre, readPlain, settled, type Places } from "./place";
import { route, type Wire } from "./router";
import { sceneOf, type Scene } from "./scene";
import { skeletonOf, timeOrder, type Skeleton } from "./skeleton";

const SEEDS = Array.from({ length: 20 }, (_, seed) => seed + 1);

/** Cards in rows of up to four, as a layout would place them. */
function cardsOf(seed: number, count: number): Box[] {
  const random = randomOf(seed);
  const boxes: Box[] = [];
  for (let row = 0; boxes.length < count; row += 1) {
    const inRow = 1 + Math.floor(random() * 4);
    let x = -300 + random() * 200;
    for (let i = 0; i < inRow && boxes.length < count; i += 1) {
      const room = { roomLeft: random() < 0.5 ? 46 : 0, roomRight: random() < 0.5 ? 20 : 0 };
      boxes.push({ id: `s${boxes.length}`, x, y: row * (CARD_HEIGHT + 42), width: CARD_WIDTH, height: CARD_HEIGHT, ...room });
      x += CARD_WIDTH + 90 + random() * 120;
    }
  }
  return boxes;
}

const isInside = (box: Box, { x, y }: Point): boolean =>
  x > leftOf(box) + 0.5 && x < rightOf(box) - 0.5 && y > topOf(box) + 0.5 && y < bottomOf(box) - 0.5;

describe("router", () => {
  it.each(SEEDS)("draws every path, and none through a card (cards %i)", (seed) => {
    const random = randomOf(seed * 31);
    const boxes = cardsOf(seed, 14);
    const keys = new Set<string>();
    while (keys.size < 90) {
      const [a, b] = [Math.floor(random() * 14), Math.floor(random() * 14)];
      if (a !== b) keys.add(`s${a} s${b}`);
    }
    const wires = [...keys].map((key): Wire => {
      const [source, target] = key.split(" ") as [string, string];
      return { key, source, target, width: 1.3 + random() * 5, isMain: false };
    });
    const drawn = route(boxes, wires);
    expect(drawn.size).toBe(wires.length);
    for (const wire of wires) {
      const { points, tip } = drawn.get(wire.key) as { points: Point[]; tip: Point };
      expect(points.every(({ x, y }) => Number.isFinite(x) && Number.isFinite(y))).toBe(true);
      const through = boxes.filter((box) => points.some((point) => isInside(box, point)));
      expect(
        through.map((box) => box.id),
        wire.key,
      ).toEqual([]);
      const target = boxes.find((box) => box.id === wire.target) as Box;
      expect(overlaps(rectAround(tip, 1, 1), rectAround(target, target.width + 1, target.height + 1))).toBe(true);
    }
  });

  it("sends paths against the order out of and into the sides", () => {
    const boxes = cardsOf(2, 8);
    const [top, low] = [boxes[0] as Box, boxes[7] as Box];
    const back = route(boxes, [{ key: "k", source: low.id, target: top.id, width: 2, isMain: false }]).get("k");
    const start = back?.points[0] as Point;
    expect([leftOf(low), rightOf(low)]).toContain(start.x);
    expect([leftOf(top), rightOf(top)]).toContain(back?.tip.x);
  });

  it("does not move a strong path when weaker ones are added", () => {
    const boxes = cardsOf(4, 10);
    const wire = (from: number, to: number): Wire => ({
      key: `${from}-${to}`,
      source: `s${from}`,
      target: `s${to}`,
      width: 3,
      isMain: false,
    });
    const far = wire(0, 9);
    const alone = route(boxes, [far]).get(far.key);
    const among = route(boxes, [far, wire(1, 8), wire(2, 9), wire(8, 1)]).get(far.key);
    const middle = (points: Point[] | undefined): Point | undefined => points?.[Math.floor(points.length / 2)];
    expect(middle(among?.points)?.x).toBeCloseTo(middle(alone?.points)?.x ?? NaN, 0);
  });
});

/** Places without any layout engine: one step per row, the main way in a column. */
function ladder({ order, mainSteps, hasEnd }: Skeleton): Places {
  const pitch = CARD_HEIGHT + 42;
  const main = new Set(mainSteps);
  const places: Places = new Map([[START, { x: 0, y: 0 }]]);
  order.forEach((step, index) => places.set(step, { x: main.has(step) ? 0 : index % 2 ? 280 : -280, y: (index + 1) * pitch }));
  if (hasEnd) places.set(END, { x: 0, y: (order.length + 1) * pitch });
  return places;
}

function sceneFor(seed: number, ratio: number | null): Scene {
  const graph = graphOf(randomJourneys(seed, 12, 300));
  const mainSteps = mainWay(graph, null);
  const choice = pathChoice(graph, mainSteps);
  const skeleton = skeletonOf(graph, mainSteps, choice.order.slice(0, skeletonCount(choice, graph.nodes.length)), 1);
  const count = pathCount(choice, ratio ?? defaultPathRatio(choice, graph.nodes.length));
  return sceneOf({
    ...{ graph, mainSteps, mode: "frequency", places: ladder(skeleton) },
    paths: choice.order.slice(0, count),
    repeats: shownRepeats(graph),
    labelOf: (_, moves) => String(moves),
    measure: (text) => text.length * 7,
  });
}

describe("scene", () => {
  it.each(SEEDS)("labels touch no card, no other label and no foreign path (graph %i)", (seed) => {
    const scene = sceneFor(seed, null);
    const rects = scene.labels.map((label) => ({ key: label.key, rect: rectAround(label.center, label.width, 15) }));
    expect(rects.length).toBeGreaterThan(0);
    rects.forEach(({ key, rect }, index) => {
      expect(scene.cards.filter(({ box }) => overlaps(rect, rectAround(box, box.width, box.height)))).toEqual([]);
      expect(rects.slice(index + 1).filter((other) => overlaps(rect, other.rect))).toEqual([]);
      const foreign = scene.paths.filter(
        (shape) => shape.key !== key && shape.points.some((point) => overlaps(rect, rectAround(point, 0.1, 0.1))),
      );
      expect(foreign.map((shape) => shape.key)).toEqual([]);
    });
  });

  it("moves no card when more paths are shown", () => {
    const [few, many] = [sceneFor(7, 0), sceneFor(7, 1)];
    expect(many.paths.length).toBeGreaterThan(few.paths.length);
    expect(many.cards.map(({ box }) => [box.id, box.x, box.y])).toEqual(few.cards.map(({ box }) => [box.id, box.x, box.y]));
  });

  it("joins only the main way to Start and End, and keeps it straight", () => {
    const scene = sceneFor(3, null);
    const main = scene.paths.filter((shape) => shape.isMain);
    expect(scene.paths.filter((shape) => !shape.path).length).toBeLessThanOrEqual(2);
    for (const shape of main) expect(Math.max(...shape.points.map((point) => Math.abs(point.x)))).toBeLessThan(0.5);
  });
});

describe("labels", () => {
  it("are left out where nothing is free", () => {
    const points = Array.from({ length: 20 }, (_, i) => ({ x: i * 6, y: 0 }));
    const lines = new Map([
      ["a", points],
      ["b", points.map(({ x }) => ({ x, y: 3 }))],
    ]);
    expect(placeLabels([{ key: "a", text: "1", points, width: 20 }], lines, [])).toEqual([]);
    expect(placeLabels([{ key: "a", text: "1", points, width: 20 }], new Map([["a", points]]), [])).toHaveLength(1);
  });
});

describe("places", () => {
  const graph = graphOf(randomJourneys(9, 12, 300));
  const mainSteps = mainWay(graph, null);
  const choice = pathChoice(graph, mainSteps);
  const skeleton = (cardsPerRow: number): Skeleton => skeletonOf(graph, mainSteps, choice.order.slice(0, 20), cardsPerRow);

  it("has links that all run forward in time order, so that it has no cycle", () => {
    const { order, links } = skeleton(4);
    const place = new Map([START, ...order, END].map((step, index) => [step, index]));
    for (const { source, target } of links) expect(place.get(source)).toBeLessThan(place.get(target) ?? -1);
  });

  it("keeps the main way in its order", () => {
    const order = timeOrder(graph, mainSteps);
    const at = mainSteps.map((step) => order.indexOf(step));
    expect(at).toEqual([...at].sort((a, b) => a - b));
  });

  it("reads what Graphviz writes, whatever the steps are called", () => {
    const odd = graphOf([
      ['a "b" c', "d -> e\nf"],
      ['a "b" c', "d -> e\nf"],
    ]);
    const own = skeletonOf(odd, mainWay(odd, null), odd.edges, 4);
    expect(dotOf(own)).not.toContain('b"');
    expect(dotOf(own)).not.toContain("d ->");
    const places = readPlain("graph 1 2 3\nnode 0 1 3 1 1\nnode 1 1 2 1 1\nnode 2 1 1 1 1\nedge 0 1 4 1 1\nstop", own);
    expect([...places.keys()]).toEqual([START, 'a "b" c', "d -> e\nf"]);
    expect(places.get("d -> e\nf")).toEqual({ x: 72, y: -72 });
  });

  it.each([1, 4])("by Graphviz put the main way on one line, with at most %i cards in a row", async (cardsPerRow) => {
    const own = skeleton(cardsPerRow);
    const places = readPlain((await Graphviz.load()).layout(dotOf(own), "plain", "dot"), own);
    expect(places.size).toBe(own.order.length + 1 + Number(own.hasEnd));
    const spine = places.get(START)?.x ?? NaN;
    for (const step of mainSteps) expect(places.get(step)?.x).toBeCloseTo(spine, 0);
    const rows = Map.groupBy(own.order, (step) => Math.round(places.get(step)?.y ?? 0));
    expect(Math.max(...[...rows.values()].map((row) => row.length))).toBeLessThanOrEqual(cardsPerRow);
  });

  it("by dagre puts the main way on one line and lets no cards overlap", async () => {
    const places = settled(await placeWithDagre(skeleton(4)), null);
    for (const step of mainSteps) expect(places.get(step)?.x).toBeCloseTo(0);
    const cards = [...places].filter(([id]) => id !== START && id !== END).map(([, at]) => rectAround(at, CARD_WIDTH, CARD_HEIGHT));
    cards.forEach((card, index) => expect(cards.slice(index + 1).filter((other) => overlaps(card, other))).toEqual([]));
  });

  it("are mirrored when that is nearer to the former picture", () => {
    const former: Places = new Map([
      [START, { x: 0, y: 0 }],
      ["a", { x: 200, y: 90 }],
    ]);
    const next: Places = new Map([
      [START, { x: 50, y: 10 }],
      ["a", { x: -140, y: 100 }],
    ]);
    expect(settled(next, former).get("a")).toEqual({ x: 190, y: 90 });
    expect(settled(next, new Map([["a", { x: -200, y: 90 }]])).get("a")).toEqual({ x: -190, y: 90 });
  });

  it("keys of paths differ for different steps", () => {
    expect(pathKey("a", "b c")).not.toBe(pathKey("a b", "c"));
  });
});
