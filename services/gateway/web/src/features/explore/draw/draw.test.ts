import { Graphviz } from "@hpcc-js/wasm-graphviz";
import { describe, expect, it } from "vitest";
import { defaultPathRatio, pathChoice, pathCount, shownRepeats, skeletonCount } from "../model/backbone";
import { END, START, pathKey, type Graph } from "../model/graph";
import { mainWay } from "../model/mainWay";
import { graphOf, randomJourneys, randomOf } from "../test/samples";
import {
  CARD_HEIGHT,
  CARD_WIDTH,
  bottomOf,
  cardBox,
  cardSize,
  leftOf,
  onScreen,
  overlaps,
  placeOnScreen,
  rectAround,
  rightOf,
  topOf,
  type Box,
  type Direction,
  type Place,
  type Point,
  type Rect,
  type Span,
} from "./geometry";
import { placeLabels } from "./labels";
import { dotOf, gathered, placeWithDagre, readPlain, roomsOf, settled, type Places, type Rooms } from "./place";
import { route, type Wire } from "./router";
import { headOf, sceneOf, type Scene } from "./scene";
import { numberRect, numberWidth, stubsOf } from "./stubs";
import { skeletonOf, timeOrder, type Skeleton } from "./skeleton";

const SEEDS = Array.from({ length: 20 }, (_, seed) => seed + 1);
const DIRECTIONS: Direction[] = ["down", "right"];
/** Every direction with every seed. */
const CASES = DIRECTIONS.flatMap((direction) => SEEDS.map((seed) => [direction, seed] as const));

/** Cards in rows of up to four, as a layout would place them while time runs down. */
function cardsOf(seed: number, count: number, direction: Direction = "down"): Box[] {
  const random = randomOf(seed);
  const { width, height } = cardSize(direction);
  const joins: Span = [-3, 3];
  const room = direction === "down" ? 46 : 24;
  const boxes: Box[] = [];
  for (let row = 0; boxes.length < count; row += 1) {
    const inRow = 1 + Math.floor(random() * 4);
    let x = -300 + random() * 200;
    for (let i = 0; i < inRow && boxes.length < count; i += 1) {
      const stubs = { room: random() < 0.5 ? room : 0, joins };
      boxes.push(cardBox(`s${boxes.length}`, { x, y: row * (height + 42) }, direction, { stubs, hasLoop: random() < 0.5 }));
      x += width + 90 + random() * 120;
    }
  }
  return boxes;
}

const wireOf = (from: number, to: number): Wire => ({
  ...{ key: `${from}-${to}`, source: `s${from}`, target: `s${to}` },
  ...{ width: 3, isMain: false },
});

const isInside = (box: Place, { x, y }: Point): boolean =>
  x > leftOf(box) + 0.5 && x < rightOf(box) - 0.5 && y > topOf(box) + 0.5 && y < bottomOf(box) - 0.5;

describe("router", () => {
  it.each(CASES)("draws every path, and none through a card (time runs %s, cards %i)", (direction, seed) => {
    const random = randomOf(seed * 31);
    const boxes = cardsOf(seed, 14, direction);
    const cards = boxes.map((box) => placeOnScreen(box, direction));
    const keys = new Set<string>();
    while (keys.size < 90) {
      const [a, b] = [Math.floor(random() * 14), Math.floor(random() * 14)];
      if (a !== b) keys.add(`s${a} s${b}`);
    }
    const wires = [...keys].map((key): Wire => {
      const [source, target] = key.split(" ") as [string, string];
      return { key, source, target, width: 1.3 + random() * 5, isMain: false };
    });
    const drawn = route(boxes, wires, direction);
    expect(drawn.size).toBe(wires.length);
    for (const wire of wires) {
      const { points, tip } = drawn.get(wire.key) as { points: Point[]; tip: Point };
      expect(points.every(({ x, y }) => Number.isFinite(x) && Number.isFinite(y))).toBe(true);
      const through = cards.filter((box) => points.some((point) => isInside(box, point)));
      expect(
        through.map((box) => box.id),
        wire.key,
      ).toEqual([]);
      const target = cards.find((box) => box.id === wire.target) as Place;
      expect(overlaps(rectAround(tip, 1, 1), rectAround(target, target.width + 1, target.height + 1))).toBe(true);
    }
  });

  it.each(DIRECTIONS)("ends every arrow at the edge of its card, pointing into it (time runs %s)", (direction) => {
    const boxes = cardsOf(5, 14, direction);
    const wires = boxes.flatMap((a) => boxes.map((b) => ({ ...wireOf(0, 1), key: `${a.id} ${b.id}`, source: a.id, target: b.id })));
    for (const [key, { tip, angle, points }] of route(boxes, wires, direction)) {
      const target = placeOnScreen(boxes.find((box) => box.id === key.split(" ")[1]) as Box, direction);
      const radians = (angle * Math.PI) / 180;
      const step = (by: number): Point => ({ x: tip.x + by * Math.cos(radians), y: tip.y + by * Math.sin(radians) });
      expect([isInside(target, step(2)), isInside(target, step(-2))], key).toEqual([true, false]);
      const last = points.at(-1) as Point;
      expect(Math.hypot(last.x - tip.x, last.y - tip.y), key).toBeLessThan(12);
    }
  });

  it("from left to right is the picture from top down, turned", () => {
    const boxes = cardsOf(6, 10);
    const wires = [wireOf(0, 9), wireOf(8, 2), wireOf(1, 4)];
    const [down, right] = DIRECTIONS.map((direction) => route(boxes, wires, direction));
    for (const { key } of wires) {
      const turned = down?.get(key)?.points.map((point) => onScreen(point, "right"));
      expect(right?.get(key)?.points).toEqual(turned);
    }
  });

  it("sends paths against the order out of and into the sides", () => {
    const boxes = cardsOf(2, 8);
    const [top, low] = [boxes[0] as Box, boxes[7] as Box];
    const back = route(boxes, [{ key: "k", source: low.id, target: top.id, width: 2, isMain: false }], "down").get("k");
    const start = back?.points[0] as Point;
    expect([leftOf(low), rightOf(low)]).toContain(start.x);
    expect([leftOf(top), rightOf(top)]).toContain(back?.tip.x);
  });

  it("finds a way beside a card where large numbers fill the room between the cards", () => {
    const crowded = { stubs: { room: 60, joins: [-3, 4] as const }, hasLoop: true };
    const boxes = [cardBox("s0", { x: 0, y: 0 }, "down", crowded), ...[-248, 0, 248].map((x, index) => cardBox(`s${index + 1}`, { x, y: 94 }, "down", crowded))];
    const points = route(boxes, [wireOf(2, 0)], "down").get("2-0")?.points ?? [];
    expect(points.length).toBeGreaterThan(0);
    for (const point of points) for (const box of boxes) expect(isInside(box, point)).toBe(false);
  });

  it("does not move a strong path when weaker ones are added", () => {
    const boxes = cardsOf(4, 10);
    const far = wireOf(0, 9);
    const alone = route(boxes, [far], "down").get(far.key);
    const among = route(boxes, [far, wireOf(1, 8), wireOf(2, 9), wireOf(8, 1)], "down").get(far.key);
    const middle = (points: Point[] | undefined): Point | undefined => points?.[Math.floor(points.length / 2)];
    expect(middle(among?.points)?.x).toBeCloseTo(middle(alone?.points)?.x ?? NaN, 0);
  });
});

const byGraphviz = async (skeleton: Skeleton, direction: Direction, rooms: Rooms): Promise<Places> =>
  readPlain((await Graphviz.load()).layout(dotOf(skeleton, direction, rooms), "plain", "dot"), skeleton, direction);

/** Places without any layout engine: one step per row, the main way in a column. */
function ladder({ order, mainSteps, hasEnd }: Skeleton, direction: Direction): Places {
  const { width, height } = cardSize(direction);
  const pitch = height + (direction === "down" ? 42 : 78);
  const aside = width + 124;
  const main = new Set(mainSteps);
  const places: Places = new Map([[START, { x: 0, y: 0 }]]);
  order.forEach((step, index) => places.set(step, { x: main.has(step) ? 0 : index % 2 ? aside : -aside, y: (index + 1) * pitch }));
  if (hasEnd) places.set(END, { x: 0, y: (order.length + 1) * pitch });
  return places;
}

function sceneFor(seed: number, ratio: number | null, direction: Direction = "down"): Scene {
  const graph = graphOf(randomJourneys(seed, 12, 300));
  const mainSteps = mainWay(graph, null);
  const choice = pathChoice(graph, mainSteps);
  const skeleton = skeletonOf(graph, mainSteps, choice.order.slice(0, skeletonCount(choice, graph.nodes.length)), 1);
  const count = pathCount(choice, ratio ?? defaultPathRatio(choice, graph.nodes.length));
  return sceneOf({
    ...{ graph, mainSteps, mode: "frequency", direction, places: ladder(skeleton, direction) },
    paths: choice.order.slice(0, count),
    repeats: shownRepeats(graph),
    labelOf: (_, moves) => String(moves),
    measure: (text) => text.length * 7,
  });
}

describe("scene", () => {
  it.each(CASES)("labels touch no card, no other label and no foreign path (time runs %s, graph %i)", (direction, seed) => {
    const scene = sceneFor(seed, null, direction);
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

  it.each(DIRECTIONS)("joins only the main way to Start and End, and keeps it straight (time runs %s)", (direction) => {
    const scene = sceneFor(3, null, direction);
    const across = (point: Point): number => Math.abs(direction === "down" ? point.x : point.y);
    const main = scene.paths.filter((shape) => shape.isMain);
    expect(scene.paths.filter((shape) => !shape.path).length).toBeLessThanOrEqual(2);
    for (const shape of main) expect(Math.max(...shape.points.map(across))).toBeLessThan(0.5);
  });
});

/** A random graph in which everything happened `times` as often. */
function graphTimes(seed: number, times: number): Graph {
  const { nodes, edges, cases, ...rest } = graphOf(randomJourneys(seed, 12, 300));
  return {
    ...{ ...rest, cases: cases * times },
    nodes: nodes.map((step) => ({ ...step, count: step.count * times, cases: step.cases * times, starts: step.starts * times, ends: step.ends * times })),
    edges: edges.map((path) => ({ ...path, count: path.count * times })),
  };
}

const LAYOUTS = { "by Graphviz": byGraphviz, "by dagre": placeWithDagre };
const FULL = Object.keys(LAYOUTS).flatMap((engine) =>
  DIRECTIONS.flatMap((direction) => [1, 999, 99_999].map((times) => [engine as keyof typeof LAYOUTS, direction, times] as const)),
);

describe("numbers of any size", () => {
  it.each(FULL)("are crossed by no path and lie on nothing (%s, time runs %s, all counts × %i)", async (engine, direction, times) => {
    for (const seed of SEEDS.slice(0, engine === "by dagre" ? 4 : 12)) {
      const graph = graphTimes(seed, times);
      const mainSteps = mainWay(graph, null);
      const choice = pathChoice(graph, mainSteps);
      for (const cardsPerRow of direction === "down" ? [1, 4] : [4]) {
        const skeleton = skeletonOf(graph, mainSteps, choice.order.slice(0, skeletonCount(choice, graph.nodes.length)), cardsPerRow);
        const found = settled(await LAYOUTS[engine](skeleton, direction, roomsOf(graph, skeleton, direction)), null);
        const scene = sceneOf({
          ...{ graph, mainSteps, mode: "frequency", direction, places: cardsPerRow === 1 ? gathered(found) : found },
          paths: choice.order,
          repeats: shownRepeats(graph),
          labelOf: (_, moves) => String(moves),
          measure: (text) => numberWidth(Number(text)),
        });
        const cards = scene.cards.map(({ box }) => rectAround(box, box.width, box.height));
        const numbers = scene.cards.flatMap(({ stubs }, at) => stubs.map((stub) => moved(numberRect(stub, direction), cards[at] as Rect)));
        const labels = scene.labels.map((label) => rectAround(label.center, label.width, 15));
        expect(numbers.length).toBeGreaterThan(0);
        numbers.forEach((number, index) => {
          const crossing = scene.paths.filter(({ points }) => points.some((point) => overlaps(number, rectAround(point, 1, 1))));
          expect(crossing.map(({ key }) => key), `graph ${seed}`).toEqual([]);
          expect([...cards, ...labels, ...numbers.slice(index + 1)].filter((other) => overlaps(number, other))).toEqual([]);
        });
      }
    }
  });

  it.each(Object.entries(LAYOUTS))("stand on every path of the main way before its arrowhead where time runs right (%s)", async (_, layout) => {
    for (const journeys of [1, 87_654_321, 9_876_543_210]) {
      const { nodes, edges, ...rest } = graphOf([["a", "b", "c"]]);
      const graph = { ...rest, nodes: nodes.map((step) => ({ ...step, starts: step.starts * journeys, ends: step.ends * journeys })), edges: edges.map((path) => ({ ...path, count: journeys })) };
      const mainSteps = ["a", "b", "c"];
      const skeleton = skeletonOf(graph, mainSteps, graph.edges, 4);
      const places = await layout(skeleton, "right", roomsOf(graph, skeleton, "right"));
      const scene = sceneOf({
        ...{ graph, mainSteps, mode: "frequency", direction: "right", places, paths: graph.edges, repeats: [] },
        labelOf: (_, moves) => String(moves),
        measure: (text) => numberWidth(Number(text)),
      });
      const clear = scene.labels.filter((label) => {
        const shape = scene.paths.find(({ key }) => key === label.key)!;
        return !overlaps(rectAround(label.center, label.width, 15), headOf(shape));
      });
      expect(clear).toHaveLength(4);
    }
  });

  it("leave a way for paths between or beside them below a card", () => {
    for (const [starts, ends] of [[4321, 4321], [1, 4_321_000], [4_321_000, 1], [4_321_000, 4_321_000], [98_765_432, 0], [0, 98_765_432]] as const) {
      const step = { ...graphOf([["a"]]).nodes[0]!, starts, ends };
      const { shown, joins } = stubsOf({ ...graphOf([["a"]]), nodes: [step] }, [], true, "right").get("a")!;
      expect(joins[1] - joins[0]).toBeGreaterThanOrEqual(8);
      for (const stub of shown) {
        const { left, right } = numberRect(stub, "right");
        expect(right).toBeLessThanOrEqual(CARD_WIDTH);
        expect(joins[1] + CARD_WIDTH / 2 + 3 < left || joins[0] + CARD_WIDTH / 2 - 3 > right).toBe(true);
      }
    }
  });
});

const moved = (rect: Rect, by: Rect): Rect => ({ left: rect.left + by.left, right: rect.right + by.left, top: rect.top + by.top, bottom: rect.bottom + by.top });

describe("labels", () => {
  it("are left out where nothing is free", () => {
    const points = Array.from({ length: 20 }, (_, i) => ({ x: i * 6, y: 0 }));
    const lines = new Map([
      ["a", points],
      ["b", points.map(({ x }) => ({ x, y: 3 }))],
    ]);
    const wish = { key: "a", text: "1", points, width: 20, head: rectAround({ x: 120, y: 0 }, 8, 8) };
    expect(placeLabels([wish], lines, [])).toEqual([]);
    expect(placeLabels([wish], new Map([["a", points]]), [])).toHaveLength(1);
  });

  it("keep apart side by side, so that two numbers do not read as one", () => {
    const points = (x: number): Point[] => Array.from({ length: 21 }, (_, i) => ({ x, y: i * 6 }));
    const placed = (x: number) => {
      const lines = new Map([["a", points(0)], ["b", points(x)]]);
      const wishes = [...lines].map(([key, points]) => ({ key, text: "1,234", points, width: 30, head: rectAround({ x: 999, y: 0 }, 8, 8) }));
      return placeLabels(wishes, lines, []).map(({ center }) => center.y);
    };
    expect(placed(31)).toEqual([60, 36]);
    expect(placed(39)).toEqual([60, 60]);
  });

  it("cover the arrowhead only where no other place is free", () => {
    const points = Array.from({ length: 21 }, (_, i) => ({ x: i * 6, y: 0 }));
    const wish = { key: "a", text: "1", points, width: 20, head: rectAround({ x: 60, y: 0 }, 8, 8) };
    const lines = new Map([["a", points]]);
    expect(placeLabels([wish], lines, [])[0]?.center.x).toBe(36);
    const elsewhere = [40, 80].map((x) => ({ ...rectAround({ x, y: 0 }, 8, 8), ...(x < 60 ? { left: -99 } : { right: 999 }) }));
    expect(placeLabels([wish], lines, elsewhere)[0]?.center.x).toBe(60);
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
    const dot = dotOf(own, "down", roomsOf(odd, own, "down"));
    expect(dot).not.toContain('b"');
    expect(dot).not.toContain("d ->");
    const places = readPlain("graph 1 2 3\nnode 0 1 3 1 1\nnode 1 1 2 1 1\nnode 2 1 1 1 1\nedge 0 1 4 1 1\nstop", own, "down");
    expect([...places.keys()]).toEqual([START, 'a "b" c', "d -> e\nf"]);
    expect(places.get("d -> e\nf")).toEqual({ x: 72, y: -72 });
  });

  const laidOut = (own: Skeleton, direction: Direction): Promise<Places> => byGraphviz(own, direction, roomsOf(graph, own, direction));

  it.each([
    ["down", 1],
    ["down", 4],
    ["right", 4],
  ] as const)("by Graphviz put the main way on one line, time running %s, with at most %i cards side by side", async (direction, cardsPerRow) => {
    const own = skeleton(cardsPerRow);
    const places = await laidOut(own, direction);
    expect(places.size).toBe(own.order.length + 1 + Number(own.hasEnd));
    const spine = places.get(START)?.x ?? NaN;
    for (const step of mainSteps) expect(places.get(step)?.x).toBeCloseTo(spine, 0);
    const rows = Map.groupBy(own.order, (step) => Math.round(places.get(step)?.y ?? 0));
    expect(Math.max(...[...rows.values()].map((row) => row.length))).toBeLessThanOrEqual(cardsPerRow);
  });

  /** Where cards stand on the screen. */
  const cardsAt = (places: Places, direction: Direction) =>
    [...places].filter(([id]) => id !== START && id !== END).map(([, at]) => rectAround(onScreen(at, direction), CARD_WIDTH, CARD_HEIGHT));
  const expectApart = (places: Places, direction: Direction): void => {
    const cards = cardsAt(places, direction);
    cards.forEach((card, index) => expect(cards.slice(index + 1).filter((other) => overlaps(card, other))).toEqual([]));
  };

  it.each(DIRECTIONS)("by Graphviz or dagre let no cards overlap, in time order along the screen (%s)", async (direction) => {
    for (const found of [await laidOut(skeleton(4), direction), await placeWithDagre(skeleton(4), direction, roomsOf(graph, skeleton(4), direction))]) {
      const places = settled(found, null);
      for (const step of mainSteps) expect(places.get(step)?.x).toBeCloseTo(0, 0);
      expectApart(places, direction);
      const along = [START, ...mainSteps].map((step) => onScreen(places.get(step) as Point, direction)[direction === "down" ? "y" : "x"]);
      expect(along).toEqual(along.toSorted((a, b) => a - b));
    }
  });

  it("are gathered left of the spine on a narrow screen, so that the map fits across", async () => {
    const far = new Map([
      ["a", { x: 0, y: 90 }],
      ["b", { x: -420, y: 180 }],
      ["c", { x: 310, y: 270 }],
    ]);
    expect([...gathered(far).values()].map(({ x }) => x)).toEqual([-0, -150, -150]);
    const places = gathered(settled(await laidOut(skeleton(1), "down"), null));
    expectApart(places, "down");
    const cards = cardsAt(places, "down");
    expect(Math.max(...cards.map(({ right }) => right)) - Math.min(...cards.map(({ left }) => left))).toBeLessThan(336 / 0.68);
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
