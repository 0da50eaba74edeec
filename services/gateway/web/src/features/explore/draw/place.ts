import { END, START, type Graph } from "../model/graph";
import { LOOP_ROOM, SAMPLE_PX, cardSize, fromScreen, pillSize, type Direction, type Point } from "./geometry";
import { LABEL_PADDING } from "./labels";
import { arrowLength } from "./router";
import { CARD_CLEARANCE } from "./rows";
import { WIDTHS } from "./scene";
import type { Skeleton } from "./skeleton";
import { numberWidth, stubsOf } from "./stubs";

/** Centres of steps, Start and End while time runs down. */
export type Places = Map<string, Point>;

/** The room that the numbers of a graph need, px. */
export interface Rooms {
  /** On both sides of each card, so that the spine stays straight: for its stubs, its loop and lines beside it. */
  beside: ReadonlyMap<string, number>;
  /** Between rows. */
  between: number;
}

/** Where the numbers are small. */
const CARD_ROOM = { down: 37, right: 26 } as const;
const COLUMN_GAP = 18;
/** Between rows, where the numbers are small. */
const ROW_GAP = { down: 42, right: 78 } as const;
/** Between the stubs of a card and its neighbour: a loop and one line. */
const BETWEEN = LOOP_ROOM + 2 * CARD_CLEARANCE + 2;
const POINTS_PER_INCH = 72;
/** Farthest from the spine on a narrow screen. */
const NARROW_REACH = 150;

const isPill = (id: string): boolean => id === START || id === END;

/** So much that no line runs through a number beside a card, and that one on a path to the right covers no arrowhead. */
export function roomsOf(graph: Graph, { mainSteps, hasEnd }: Skeleton, direction: Direction): Rooms {
  const usual = CARD_ROOM[direction];
  const stubs = stubsOf(graph, mainSteps, hasEnd, direction);
  const most = Math.max(0, ...graph.edges.map((path) => path.count), ...graph.nodes.flatMap(({ starts, ends }) => [starts, ends]));
  const along = direction === "down" ? 0 : numberWidth(most) + LABEL_PADDING + SAMPLE_PX + arrowLength(WIDTHS[1]);
  return {
    beside: new Map([...stubs].map(([step, { room }]) => [step, Math.max(usual, room + BETWEEN - COLUMN_GAP - usual)])),
    between: Math.max(ROW_GAP[direction], along),
  };
}

/** Size that a step takes in the layout while time runs down. */
function sizeOf(id: string, direction: Direction, rooms: Rooms): { width: number; height: number } {
  if (isPill(id)) return pillSize(direction);
  const { width, height } = cardSize(direction);
  return { width: width + 2 * (rooms.beside.get(id) ?? CARD_ROOM[direction]), height };
}

const placed = (skeleton: Skeleton): string[] => [START, ...skeleton.order, ...(skeleton.hasEnd ? [END] : [])];

/** The skeleton as a Graphviz text; node names are places in `placed`, so that step names need no quoting. */
export function dotOf(skeleton: Skeleton, direction: Direction, rooms: Rooms): string {
  const ids = placed(skeleton);
  const place = new Map(ids.map((id, index) => [id, index]));
  const spine = new Set([START, END, ...skeleton.mainSteps]);
  const inches = (px: number): string => (px / POINTS_PER_INCH).toFixed(3);
  const nodes = ids.map((id, index) => {
    const size = sizeOf(id, direction, rooms);
    const [width, height] = direction === "down" ? [size.width, size.height] : [size.height, size.width];
    return `${index} [width=${inches(width)} height=${inches(height)}${spine.has(id) ? " group=main" : ""}]`;
  });
  const links = skeleton.links.map(({ source, target, weight }) => `${place.get(source)}->${place.get(target)} [weight=${weight}]`);
  const rankdir = direction === "down" ? "TB" : "LR";
  return [
    "digraph {",
    `graph [rankdir=${rankdir} nodesep=${inches(COLUMN_GAP)} ranksep=${inches(rooms.between)} splines=false]`,
    'node [shape=box fixedsize=true label=""]',
    ...nodes,
    ...links,
    "}",
  ].join("\n");
}

/** Reads Graphviz "plain" output of `dotOf`. */
export function readPlain(plain: string, skeleton: Skeleton, direction: Direction): Places {
  const ids = placed(skeleton);
  const places: Places = new Map();
  for (const line of plain.split("\n")) {
    const [word, name, x, y] = line.split(" ");
    const id = word === "node" ? ids[Number(name)] : undefined;
    if (id === undefined) continue;
    places.set(id, fromScreen({ x: Number(x) * POINTS_PER_INCH, y: -Number(y) * POINTS_PER_INCH }, direction));
  }
  return places;
}

/** Places without WebAssembly, by dagre. */
export async function placeWithDagre(skeleton: Skeleton, direction: Direction, rooms: Rooms): Promise<Places> {
  const { default: dagre } = await import("@dagrejs/dagre");
  const graph = new dagre.graphlib.Graph<object, ReturnType<typeof sizeOf> & Partial<Point>>();
  graph.setGraph({ rankdir: "TB", nodesep: COLUMN_GAP, ranksep: rooms.between });
  const ids = placed(skeleton);
  ids.forEach((id, index) => graph.setNode(String(index), sizeOf(id, direction, rooms)));
  for (const { source, target, weight } of skeleton.links) {
    graph.setEdge(String(ids.indexOf(source)), String(ids.indexOf(target)), { weight });
  }
  dagre.layout(graph);
  const places: Places = new Map();
  ids.forEach((id, index) => {
    const { x = 0, y = 0 } = graph.node(String(index));
    places.set(id, { x, y });
  });
  return straightened(places, skeleton, cardSize(direction).width + 2 * Math.max(...rooms.beside.values()) + COLUMN_GAP);
}

/** Puts the main way on one line and pushes cards that stood there aside: dagre has no groups. */
function straightened(places: Places, skeleton: Skeleton, pitch: number): Places {
  const spineX = places.get(START)?.x ?? 0;
  const spine = new Set([START, END, ...skeleton.mainSteps]);
  const rows = new Map<number, [string, Point][]>();
  for (const entry of places) {
    const y = Math.round(entry[1].y);
    rows.set(y, [...(rows.get(y) ?? []), entry]);
  }
  for (const row of rows.values()) {
    const pinned = row.find(([id]) => spine.has(id));
    if (!pinned) continue;
    const others = row.filter((entry) => entry !== pinned).sort((a, b) => a[1].x - b[1].x);
    const left = others.filter((entry) => entry[1].x < pinned[1].x).reverse();
    const right = others.filter((entry) => entry[1].x >= pinned[1].x);
    pinned[1].x = spineX;
    left.forEach(([, point], index) => (point.x = Math.min(point.x, spineX - pitch * (index + 1))));
    right.forEach(([, point], index) => (point.x = Math.max(point.x, spineX + pitch * (index + 1))));
  }
  return places;
}

/**
 * The spine at x = 0, Start at y = 0, mirrored when that keeps the cards nearer to where they were. A first picture has
 * most cards left of the spine: their stubs then point away from it.
 */
export function settled(places: Places, former: Places | null): Places {
  const origin = places.get(START) ?? { x: 0, y: 0 };
  const shifted = new Map([...places].map(([id, { x, y }]) => [id, { x: x - origin.x, y: y - origin.y }]));
  let [straight, mirrored] = [0, 0];
  for (const [id, { x }] of shifted) {
    const wanted = former ? former.get(id)?.x : -Math.abs(x);
    if (wanted === undefined) continue;
    straight += Math.abs(x - wanted);
    mirrored += Math.abs(-x - wanted);
  }
  return mirrored < straight ? new Map([...shifted].map(([id, { x, y }]) => [id, { x: -x, y }])) : shifted;
}

/** For a narrow screen with one card per row: the cards off the spine on its left and near it, so that the map fits across. */
export function gathered(places: Places): Places {
  return new Map([...places].map(([id, { x, y }]) => [id, { x: -Math.min(Math.abs(x), NARROW_REACH), y }]));
}
