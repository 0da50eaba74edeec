import { LOOP_FEET, Pen, bottomOf, leftOf, rightOf, topOf, type Box, type Direction, type Drawn, type Point } from "./geometry";
import { spreadPorts, spreadSidePorts, type Port, type SidePort } from "./ports";
import { crossings, linesBeside, linesThrough, rowsOf, takeLane, type Row } from "./rows";

/** A path to draw between two placed cards. */
export interface Wire {
  key: string;
  source: string;
  target: string;
  width: number;
  isMain: boolean;
}

type Course = { kind: "down"; lanes: number[] } | { kind: "up"; lanes: number[] } | { kind: "beside" } | { kind: "over" };

interface Plan {
  wire: Wire;
  source: Box;
  target: Box;
  from: number;
  to: number;
  course: Course;
}

const BEND_COST = 16;
const CROSSING_COST = 26;
/** Crossing the main way disturbs the picture most. */
const MAIN_CROSSING_WEIGHT = 3;
const STUB_SIDE_COST = 24;
const CORNER_RADIUS = 12;
const ARC_RISE = 44;
/** Above this many curves in one channel a crossing more no longer matters, but counting them would cost time. */
const COUNTED_CURVES = 30;

export const arrowLength = (width: number): number => 4.5 + 1.15 * width;

/**
 * Draws paths between fixed cards without running through any card: lines pass each row in a gap between its cards and
 * bend only in the channels between rows. Paths against the order leave and enter at the sides.
 *
 * Args:
 *   boxes: cards and pills; those of one row have the same y.
 *   wires: strongest first; the earlier ones get the better lines, so that a weaker path never moves a stronger one.
 *   direction: where time runs on the screen; the boxes are given as if it ran down.
 */
export function route(boxes: readonly Box[], wires: readonly Wire[], direction: Direction): Map<string, Drawn> {
  const rows = rowsOf(boxes);
  const rowOf = new Map(rows.flatMap((row, index) => row.boxes.map((box) => [box.id, index] as const)));
  const boxOf = new Map(boxes.map((box) => [box.id, box]));
  const plans: Plan[] = [];
  for (const wire of wires) {
    const [source, target] = [boxOf.get(wire.source), boxOf.get(wire.target)];
    const [from, to] = [rowOf.get(wire.source), rowOf.get(wire.target)];
    if (!source || !target || source === target || from === undefined || to === undefined) continue;
    plans.push({ wire, source, target, from, to, course: plan(rows, wire, source, target, from, to) });
  }
  const ports = joinAll(plans);
  return new Map(plans.map((one) => [one.wire.key, draw(one, rows, ports, direction)]));
}

function plan(rows: Row[], wire: Wire, source: Box, target: Box, from: number, to: number): Course {
  if (from === to) {
    const { boxes } = rows[from] as Row;
    return Math.abs(boxes.indexOf(source) - boxes.indexOf(target)) === 1 ? { kind: "beside" } : { kind: "over" };
  }
  return from < to ? planDown(rows, wire, source, target, from, to) : planUp(rows, wire, source, target, from, to);
}

function planDown(rows: Row[], wire: Wire, source: Box, target: Box, from: number, to: number): Course {
  const between = rows.slice(from + 1, to);
  const halfWidth = wire.width / 2;
  const stages = between.map((row, index) => {
    const straight = source.x + ((target.x - source.x) * (index + 1)) / (to - from);
    return linesThrough(row, [source.x, target.x, straight], halfWidth);
  });
  const bend = (index: number, above: number, below: number): number => cost(rows[from + index] as Row, above, below);
  const lanes = cheapest([[source.x], ...stages, [target.x]], bend).slice(1, -1);
  between.forEach((row, index) => takeLane(row, { x: lanes[index] as number, halfWidth }));
  const xs = [source.x, ...lanes, target.x];
  xs.slice(1).forEach((below, index) =>
    rows[from + index]?.curves.push({ above: xs[index] as number, below, weight: wire.isMain ? MAIN_CROSSING_WEIGHT : 1 }),
  );
  return { kind: "down", lanes };
}

function planUp(rows: Row[], wire: Wire, source: Box, target: Box, from: number, to: number): Course {
  const halfWidth = wire.width / 2;
  const climbed = rows.slice(to, from + 1).reverse();
  const stages = climbed.map((row, index) => {
    if (index === 0) return linesBeside(row, source, halfWidth);
    if (index === climbed.length - 1) return linesBeside(row, target, halfWidth);
    return linesThrough(row, [rightOf(source) + source.roomRight + 9, rightOf(target) + target.roomRight + 9], halfWidth);
  });
  const start = (lane: number): number => sideCost(source, lane);
  const bend = (index: number, below: number, above: number): number =>
    cost(rows[from - index - 1] as Row, above, below) +
    (index === 0 ? start(below) : 0) +
    (index === climbed.length - 2 ? sideCost(target, above) : 0);
  const lanes = cheapest(stages, bend);
  climbed.forEach((row, index) => takeLane(row, { x: lanes[index] as number, halfWidth }));
  lanes.slice(1).forEach((above, index) => rows[from - index - 1]?.curves.push({ above, below: lanes[index] as number, weight: 1 }));
  return { kind: "up", lanes };
}

function cost(channel: Row, above: number, below: number): number {
  const across = Math.abs(above - below);
  const crossed = channel.curves.length > COUNTED_CURVES ? 0 : crossings(channel, above, below);
  return across + (across > 1 ? BEND_COST : 0) + CROSSING_COST * crossed;
}

const sideCost = (box: Box, lane: number): number => (lane > box.x ? lane - rightOf(box) : leftOf(box) - lane + STUB_SIDE_COST);

/** The cheapest choice of one place per stage; `price(i, a, b)` is the price from place a of stage i to b of stage i + 1. */
function cheapest(stages: readonly (readonly number[])[], price: (index: number, a: number, b: number) => number): number[] {
  let best = (stages[0] ?? []).map((place) => ({ total: 0, places: [place] }));
  stages.slice(1).forEach((stage, index) => {
    best = stage.map((place) => {
      let [least, former] = [Infinity, best[0] as (typeof best)[number]];
      for (const candidate of best) {
        const total = candidate.total + price(index, candidate.places.at(-1) as number, place);
        if (total < least) [least, former] = [total, candidate];
      }
      return { total: least, places: [...former.places, place] };
    });
  });
  return best.reduce((a, b) => (b.total < a.total ? b : a)).places;
}

/** Where each path is joined to its cards: x at tops and bottoms, y at sides. */
interface Ports {
  out: Map<string, number>;
  in: Map<string, number>;
}

function joinAll(plans: readonly Plan[]): Ports {
  const flat = new Map<Box, { top: Port[]; bottom: Port[]; left: SidePort[]; right: SidePort[] }>();
  const of = (box: Box) => {
    const known = flat.get(box) ?? { top: [], bottom: [], left: [], right: [] };
    flat.set(box, known);
    return known;
  };
  const [OUT, IN] = ["out ", "in "];
  for (const { wire, source, target, course } of plans) {
    const { key, isMain } = wire;
    if (course.kind === "down") {
      of(source).bottom.push({ key: OUT + key, toward: course.lanes[0] ?? target.x, isMain });
      of(target).top.push({ key: IN + key, toward: course.lanes.at(-1) ?? source.x, isMain });
    } else if (course.kind === "up") {
      const [first, last] = [course.lanes[0] as number, course.lanes.at(-1) as number];
      of(source)[first > source.x ? "right" : "left"].push({
        key: OUT + key,
        reach: Math.abs(first - source.x),
        leaves: true,
      });
      of(target)[last > target.x ? "right" : "left"].push({
        key: IN + key,
        reach: Math.abs(last - target.x),
        leaves: false,
      });
    } else if (course.kind === "beside") {
      of(source)[target.x > source.x ? "right" : "left"].push({ key: OUT + key, reach: 0, leaves: true });
      of(target)[source.x > target.x ? "right" : "left"].push({ key: IN + key, reach: 0, leaves: false });
    } else {
      of(source).top.push({ key: OUT + key, toward: target.x, isMain: false });
      of(target).top.push({ key: IN + key, toward: source.x, isMain: false });
    }
  }
  const ports: Ports = { out: new Map(), in: new Map() };
  const take = (found: Map<string, number>): void => {
    for (const [key, at] of found) {
      if (key.startsWith(OUT)) ports.out.set(key.slice(OUT.length), at);
      else ports.in.set(key.slice(IN.length), at);
    }
  };
  for (const [box, { top, bottom, left, right }] of flat) {
    take(spreadPorts(box, top, box.joins.top));
    take(spreadPorts(box, bottom, box.joins.bottom));
    take(spreadSidePorts(box, left, box.joins.left));
    take(spreadSidePorts(box, right, box.joins.right));
  }
  return ports;
}

function draw({ wire, source, target, from, to, course }: Plan, rows: readonly Row[], ports: Ports, direction: Direction): Drawn {
  const out = ports.out.get(wire.key) as number;
  const into = ports.in.get(wire.key) as number;
  const head = arrowLength(wire.width);
  switch (course.kind) {
    case "down": {
      const pen = new Pen({ x: out, y: bottomOf(source) }, direction);
      let [x, y] = [out, (rows[from] as Row).bottom];
      pen.lineTo({ x, y });
      course.lanes.forEach((lane, index) => {
        const row = rows[from + 1 + index] as Row;
        bendTo(pen, { x, y }, { x: lane, y: row.top });
        pen.lineTo({ x: lane, y: row.bottom });
        [x, y] = [lane, row.bottom];
      });
      bendTo(pen, { x, y }, { x: into, y: (rows[to] as Row).top - head });
      pen.lineTo({ x: into, y: topOf(target) - head });
      return pen.end({ x: into, y: topOf(target) }, 90);
    }
    case "up": {
      const [first, last] = [course.lanes[0] as number, course.lanes.at(-1) as number];
      const [leaving, entering] = [sideOf(source, first), sideOf(target, last)];
      const pen = new Pen({ x: leaving, y: out }, direction);
      let y = (rows[from] as Row).top;
      turn(pen, { x: leaving, y: out }, { x: first, y: out }, { x: first, y });
      let x = first;
      course.lanes.slice(1).forEach((lane, index) => {
        const row = rows[from - 1 - index] as Row;
        bendTo(pen, { x, y }, { x: lane, y: row.bottom });
        const isLast = index === course.lanes.length - 2;
        if (!isLast) pen.lineTo({ x: lane, y: row.top });
        [x, y] = [lane, isLast ? row.bottom : row.top];
      });
      const toLeft = last > target.x;
      const end = { x: entering + (toLeft ? head : -head), y: into };
      turn(pen, { x, y }, { x, y: into }, end);
      return pen.end({ x: entering, y: into }, toLeft ? 180 : 0);
    }
    case "beside": {
      const toRight = target.x > source.x;
      const start = { x: toRight ? rightOf(source) : leftOf(source), y: out };
      const tip = { x: toRight ? leftOf(target) : rightOf(target), y: into };
      const end = { x: tip.x - (toRight ? head : -head), y: into };
      const pen = new Pen(start, direction);
      // Straight between the numbers of a card, bent where they end.
      const [leaves, arrives] = toRight ? [start.x, end.x - target.roomLeft] : [start.x - source.roomLeft, end.x];
      const middle = (leaves + arrives) / 2;
      pen.lineTo({ x: leaves, y: start.y });
      pen.curveTo({ x: middle, y: start.y }, { x: middle, y: end.y }, { x: arrives, y: end.y });
      pen.lineTo(end);
      return pen.end(tip, toRight ? 0 : 180);
    }
    case "over": {
      const start = { x: out, y: topOf(source) };
      const tip = { x: into, y: topOf(target) };
      const end = { x: into, y: tip.y - head };
      const pen = new Pen(start, direction);
      pen.curveTo({ x: start.x, y: start.y - ARC_RISE }, { x: end.x, y: end.y - ARC_RISE + head }, end);
      return pen.end(tip, 90);
    }
  }
}

const sideOf = (box: Box, lane: number): number => (lane > box.x ? rightOf(box) : leftOf(box));

/** Through a channel: leaves and arrives vertically. */
function bendTo(pen: Pen, from: Point, to: Point): void {
  if (Math.abs(from.x - to.x) < 0.5) {
    pen.lineTo(to);
    return;
  }
  const pull = (to.y - from.y) * 0.55;
  pen.curveTo({ x: from.x, y: from.y + pull }, { x: to.x, y: to.y - pull }, to);
}

/** Two straight pieces joined by a round corner. */
function turn(pen: Pen, from: Point, corner: Point, to: Point): void {
  const [before, after] = [distance(from, corner), distance(corner, to)];
  const radius = Math.min(CORNER_RADIUS, before, after);
  const start = toward(corner, from, radius, before);
  const end = toward(corner, to, radius, after);
  pen.lineTo(start);
  pen.curveTo(toward(start, corner, radius * 0.55, radius), toward(end, corner, radius * 0.55, radius), end);
  pen.lineTo(to);
}

const distance = (a: Point, b: Point): number => Math.hypot(a.x - b.x, a.y - b.y);

/** The point `by` px from `start` in the direction of `goal`, which is `length` px away. */
function toward(start: Point, goal: Point, by: number, length: number): Point {
  const t = length === 0 ? 0 : by / length;
  return { x: start.x + (goal.x - start.x) * t, y: start.y + (goal.y - start.y) * t };
}

/** The loop of a step that repeats: round the upper right corner, or above the card when time runs to the right. */
export function drawLoop(box: Box, width: number, direction: Direction): Drawn {
  const head = arrowLength(width);
  if (direction === "down") {
    const at = (x: number, y: number): Point => ({ x: rightOf(box) + x, y: topOf(box) + y });
    const pen = new Pen(at(-24, 0), direction);
    pen.curveTo(at(-24, -12), at(-16, -17), at(-4, -17));
    pen.curveTo(at(10, -17), at(17, -10), at(17, 1));
    pen.curveTo(at(17, 9), at(14, 14), at(head, 14));
    return pen.end(at(0, 14), 180);
  }
  const [leaving, entering] = LOOP_FEET;
  const at = (out: number, before: number): Point => ({ x: rightOf(box) + out, y: bottomOf(box) - before });
  const middle = (leaving + entering) / 2;
  const pen = new Pen(at(0, leaving), direction);
  pen.curveTo(at(11, leaving), at(17, leaving - 3), at(17, middle));
  pen.curveTo(at(17, entering + 3), at(head + 4, entering), at(head, entering));
  return pen.end(at(0, entering), 180);
}
