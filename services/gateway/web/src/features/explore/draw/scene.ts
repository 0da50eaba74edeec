import { quantileClasses, type Classes } from "../model/classes";
import { END, START, isRepeat, journeysOf, pathKey, type Graph, type Path, type Step } from "../model/graph";
import {
  around,
  boundsOf,
  bottomOf,
  cardBox,
  leftOf,
  pillBox,
  placeOnScreen,
  rectAround,
  rectOnScreen,
  rightOf,
  topOf,
  type Box,
  type Direction,
  type Drawn,
  type Place,
  type Point,
  type Rect,
} from "./geometry";
import { LABEL_PADDING, placeLabels, type PlacedLabel } from "./labels";
import type { Places } from "./place";
import { arrowLength, drawLoop, route } from "./router";
import { stubsOf, type Stub, type Stubs } from "./stubs";

export type MapMode = "frequency" | "time";

/** A step of the picture. */
export interface CardShape {
  step: Step;
  /** Where it stands on the screen. */
  box: Place;
  isMain: boolean;
  /** Part of all journeys that contain the step. */
  journeysRatio: number;
  shade: number;
  stubs: Stub[];
}

/** A path of the picture before it is drawn. */
type Look = Omit<PathShape, keyof Drawn | "bead">;

/** A path of the picture; the two joins of the main way to Start and End have none in the data. */
export interface PathShape extends Drawn {
  key: string;
  source: string;
  target: string;
  path: Path | null;
  /** Moves; journeys for a join. */
  count: number;
  width: number;
  opacity: number;
  shade: number;
  isMain: boolean;
  /** Where a bead says that most of the moves pass through hidden steps. */
  bead: Point | null;
}

/** A number on a path. */
export type Label = PlacedLabel;

export interface Scene {
  cards: CardShape[];
  pills: { id: typeof START | typeof END; box: Place }[];
  /** Weakest first, so that strong ones are drawn on top. */
  paths: PathShape[];
  bounds: Rect;
  classes: Classes;
  /** Labels of the strongest paths. */
  labels: Label[];
  /** Labels of the given paths, placed as if no others were there. */
  labelsAmong: (keys: ReadonlySet<string>) => Label[];
}

export interface SceneInput {
  graph: Graph;
  places: Places;
  direction: Direction;
  mainSteps: readonly string[];
  /** Paths between different steps to draw, strongest first, and repeats. */
  paths: readonly Path[];
  repeats: readonly Path[];
  mode: MapMode;
  /** Text of a label; of a bare number without a path. */
  labelOf: (path: Path | null, count: number) => string;
  /** Width of a label text, px. */
  measure: (text: string) => number;
}

const BEAD_RATIO = 0.5;
const BEAD_ROOM = 14;
/** Of the weakest path and the strongest, px. */
export const WIDTHS = [1.3, 6.3] as const;
const LOOP_WIDTH_MOST = 3.6;
const JOIN_WIDTH = 2;
const OPACITIES = [0.4, 1] as const;
const LABELS_PER_STEP = 2;

/** Everything the map draws, with its place. Deterministic; cards depend on `places` alone. */
export function sceneOf(input: SceneInput): Scene {
  const { graph, places, direction, mainSteps, paths, repeats, mode } = input;
  const journeys = journeysOf(graph);
  const main = new Set(mainSteps);
  const stubsAt = stubsOf(graph, mainSteps, places.has(END), direction);
  const looped = new Set(repeats.map((path) => path.source));
  const classes = quantileClasses(paths.map((path) => (mode === "time" ? path.median_seconds : path.count)));
  const stepClasses = mode === "time" ? classes : quantileClasses(graph.nodes.map((step) => step.count));

  const cards: CardShape[] = [];
  const boxes: Box[] = [];
  for (const step of graph.nodes) {
    const place = places.get(step.activity);
    if (!place) continue;
    const isMain = main.has(step.activity);
    const stubs = stubsAt.get(step.activity) as Stubs;
    const box = cardBox(step.activity, place, direction, { stubs, hasLoop: looped.has(step.activity) });
    boxes.push(box);
    cards.push({
      step,
      isMain,
      journeysRatio: journeys === 0 ? 0 : step.cases / journeys,
      shade: mode === "time" ? stepClasses.shadeOf(step.median_next_seconds ?? 0) : stepClasses.shadeOf(step.count),
      stubs: stubs.shown,
      box: placeOnScreen(box, direction),
    });
  }
  const pills: Scene["pills"] = [];
  for (const id of [START, END] as const) {
    const place = places.get(id);
    if (!place) continue;
    const box = pillBox(id, place, direction);
    boxes.push(box);
    pills.push({ id, box: placeOnScreen(box, direction) });
  }

  const shapes = shapesOf(input, boxes);
  const rooms = boxes.map((box) => {
    const [left, right] = [leftOf(box) - box.roomLeft, rightOf(box) + box.roomRight];
    return rectOnScreen({ left, right, top: topOf(box), bottom: bottomOf(box) }, direction);
  });
  return {
    ...{ cards, pills, classes, paths: shapes },
    bounds: boundsOf([...rooms, ...shapes.map(({ points }) => around(points))]),
    labels: labelsOf(shapes, boxes, LABELS_PER_STEP * boxes.length, input),
    labelsAmong: (keys) =>
      labelsOf(
        shapes.filter((shape) => keys.has(shape.key)),
        boxes,
        keys.size,
        input,
      ),
  };
}

function shapesOf(input: SceneInput, boxes: readonly Box[]): PathShape[] {
  const { graph, paths, repeats, direction, mainSteps, mode } = input;
  const boxOf = new Map(boxes.map((box) => [box.id, box]));
  const mainKeys = new Set(mainSteps.slice(1).map((step, index) => pathKey(mainSteps[index] as string, step)));
  const isMainPath = (path: Path): boolean => mainKeys.has(pathKey(path.source, path.target));
  const most = Math.max(1, ...paths.map((path) => path.count));
  const strength = (count: number): number => Math.min(1, Math.sqrt(count / most));
  const between = ([low, high]: readonly [number, number], part: number): number => low + (high - low) * part;
  const classes = quantileClasses(paths.map((path) => (mode === "time" ? path.median_seconds : path.count)));

  const look = (path: Path): Look => ({
    key: pathKey(path.source, path.target),
    source: path.source,
    target: path.target,
    path,
    count: path.count,
    width: Math.min(between(WIDTHS, strength(path.count)), isRepeat(path) ? LOOP_WIDTH_MOST : Infinity),
    opacity: between(OPACITIES, strength(path.count)),
    shade: classes.shadeOf(mode === "time" ? path.median_seconds : path.count),
    isMain: isMainPath(path),
  });
  const join = (source: string, target: string, count: number): Look => ({
    key: pathKey(source, target),
    source,
    target,
    path: null,
    count,
    width: JOIN_WIDTH,
    opacity: 1,
    shade: 0,
    isMain: true,
  });
  const [first, last] = [mainSteps[0], mainSteps.at(-1)];
  const joins: Look[] = [];
  for (const { activity, starts, ends } of graph.nodes) {
    if (activity === first) joins.push(join(START, first, starts));
    if (activity === last && boxOf.has(END)) joins.push(join(last, END, ends));
  }
  const straight = paths.map(look);
  const looks = [...joins, ...straight.filter((one) => one.isMain), ...straight.filter((one) => !one.isMain)];
  const drawn = route(boxes, looks, direction);
  const shapes: PathShape[] = [];
  const add = (one: Look, line: Drawn): void => {
    const hasBead = (one.path?.hidden_ratio ?? 0) > BEAD_RATIO;
    shapes.push({ ...one, ...line, bead: hasBead ? (line.points[Math.floor(line.points.length / 2)] ?? null) : null });
  };
  for (const one of looks) {
    const line = drawn.get(one.key);
    if (line) add(one, line);
  }
  for (const one of repeats.map(look)) {
    const box = boxOf.get(one.source);
    if (box) add(one, drawLoop(box, one.width, direction));
  }
  return shapes.sort((a, b) => a.count - b.count);
}

/**
 * Labels of the strongest paths, the main way first, as far as they find room.
 *
 * Args:
 *   most: how many paths between different steps are labelled; loops come after them, in what room is left.
 */
function labelsOf(
  shapes: readonly PathShape[],
  boxes: readonly Box[],
  most: number,
  { labelOf, measure, mode, direction }: SceneInput,
): Label[] {
  const lines = new Map(shapes.map((shape) => [shape.key, shape.points]));
  const cards = boxes.map((box) =>
    rectOnScreen({ left: leftOf(box) - box.roomLeft, right: rightOf(box), top: topOf(box) - 2, bottom: bottomOf(box) + 2 }, direction),
  );
  const beads = shapes.flatMap(({ bead }) => (bead ? [rectAround(bead, BEAD_ROOM, BEAD_ROOM)] : []));
  const rank = (shape: PathShape): number => (shape.isMain ? 1e15 : 0) + shape.count;
  const isLoop = (shape: PathShape): boolean => shape.source === shape.target;
  const sorted = shapes.toSorted((a, b) => rank(b) - rank(a));
  const wishes = [...sorted.filter((shape) => !isLoop(shape)).slice(0, most), ...sorted.filter(isLoop)]
    .filter(({ path }) => path !== null || mode === "frequency")
    .map((shape) => ({ key: shape.key, points: shape.points, head: headOf(shape), text: labelOf(shape.path, shape.count) }))
    .map((wish) => ({ ...wish, width: measure(wish.text) + LABEL_PADDING }));
  return placeLabels(wishes, lines, [...cards, ...beads]);
}

/** The arrowhead of a path. */
export function headOf({ tip, angle, width }: PathShape): Rect {
  const [length, radians] = [arrowLength(width), (angle * Math.PI) / 180];
  return rectAround({ x: tip.x - (length / 2) * Math.cos(radians), y: tip.y - (length / 2) * Math.sin(radians) }, length, length);
}
