import { quantileClasses, type Classes } from "../model/classes";
import { END, START, isRepeat, journeysOf, pathKey, type Graph, type Path, type Step } from "../model/graph";
import {
  CARD_HEIGHT,
  CARD_WIDTH,
  LOOP_ROOM,
  PILL_HEIGHT,
  PILL_WIDTH,
  bottomOf,
  boundsOf,
  leftOf,
  around,
  rightOf,
  topOf,
  type Box,
  type Rect,
} from "./geometry";
import { placeLabels, type PlacedLabel } from "./labels";
import type { Places } from "./place";
import { drawLoop, route, type Drawn } from "./router";

export type MapMode = "frequency" | "time";

/** A step of the picture. */
export interface CardShape {
  step: Step;
  box: Box;
  isMain: boolean;
  /** Part of all journeys that contain the step. */
  journeysRatio: number;
  shade: number;
  showsStarts: boolean;
  showsEnds: boolean;
}

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
  /** Most of the moves pass through hidden steps. */
  hasBead: boolean;
}

/** A number on a path. */
export type Label = PlacedLabel;

export interface Scene {
  cards: CardShape[];
  pills: { id: typeof START | typeof END; box: Box }[];
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

/** Room of the mark of a stub and its line, px. */
const STUB_MARK_ROOM = 20;
const STUB_SHOWN_RATIO = 0.03;
const BEAD_RATIO = 0.5;
const WIDTHS = [1.3, 6.3] as const;
const LOOP_WIDTH_MOST = 3.6;
const JOIN_WIDTH = 2;
const OPACITIES = [0.4, 1] as const;
const LABELS_PER_STEP = 2;
const LABEL_PADDING = 8;

/** Everything the map draws, with its place. Deterministic; cards depend on `places` alone. */
export function sceneOf(input: SceneInput): Scene {
  const { graph, places, mainSteps, paths, repeats, mode, labelOf } = input;
  const journeys = journeysOf(graph);
  const main = new Set(mainSteps);
  const looped = new Set(repeats.map((path) => path.source));
  const classes = quantileClasses(paths.map((path) => (mode === "time" ? path.median_seconds : path.count)));
  const stepClasses = mode === "time" ? classes : quantileClasses(graph.nodes.map((step) => step.count));

  const cards: CardShape[] = [];
  for (const step of graph.nodes) {
    const place = places.get(step.activity);
    if (!place) continue;
    const isMain = main.has(step.activity);
    const showsStarts = step.starts >= STUB_SHOWN_RATIO * journeys && step.activity !== mainSteps[0];
    const showsEnds = step.ends >= STUB_SHOWN_RATIO * journeys && !(places.has(END) && step.activity === mainSteps.at(-1));
    const stubs = [...(showsStarts ? [step.starts] : []), ...(showsEnds ? [step.ends] : [])];
    cards.push({
      step,
      isMain,
      journeysRatio: journeys === 0 ? 0 : step.cases / journeys,
      shade: mode === "time" ? stepClasses.shadeOf(step.median_next_seconds ?? 0) : stepClasses.shadeOf(step.count),
      showsStarts,
      showsEnds,
      box: {
        id: step.activity,
        ...place,
        width: CARD_WIDTH,
        height: CARD_HEIGHT,
        roomLeft: Math.max(0, ...stubs.map((count) => STUB_MARK_ROOM + input.measure(labelOf(null, count)))),
        roomRight: looped.has(step.activity) ? LOOP_ROOM : 0,
      },
    });
  }
  const pills = ([START, END] as const).flatMap((id) => {
    const place = places.get(id);
    if (!place) return [];
    return [{ id, box: { id, ...place, width: PILL_WIDTH, height: PILL_HEIGHT, roomLeft: 0, roomRight: 0 } }];
  });

  const shapes = shapesOf(input, cards, pills);
  const bounds = boundsOf([...[...cards, ...pills].map(({ box }) => cardRoom(box)), ...shapes.map(({ points }) => around(points))]);
  const boxes = [...cards, ...pills].map(({ box }) => box);
  return {
    ...{ cards, pills, bounds, classes, paths: shapes },
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

/** A card with its stubs and loop. */
const cardRoom = (box: Box): Rect => ({
  left: leftOf(box) - box.roomLeft,
  right: rightOf(box) + box.roomRight,
  top: topOf(box) - (box.roomRight > 0 ? LOOP_ROOM : 0),
  bottom: bottomOf(box),
});

function shapesOf(input: SceneInput, cards: readonly CardShape[], pills: Scene["pills"]): PathShape[] {
  const { paths, repeats, mainSteps, mode } = input;
  const mainKeys = new Set(mainSteps.slice(1).map((step, index) => pathKey(mainSteps[index] as string, step)));
  const isMainPath = (path: Path): boolean => mainKeys.has(pathKey(path.source, path.target));
  const most = Math.max(1, ...paths.map((path) => path.count));
  const strength = (count: number): number => Math.min(1, Math.sqrt(count / most));
  const between = ([low, high]: readonly [number, number], part: number): number => low + (high - low) * part;
  const classes = quantileClasses(paths.map((path) => (mode === "time" ? path.median_seconds : path.count)));

  const look = (path: Path): Omit<PathShape, keyof Drawn> => ({
    key: pathKey(path.source, path.target),
    source: path.source,
    target: path.target,
    path,
    count: path.count,
    width: Math.min(between(WIDTHS, strength(path.count)), isRepeat(path) ? LOOP_WIDTH_MOST : Infinity),
    opacity: between(OPACITIES, strength(path.count)),
    shade: classes.shadeOf(mode === "time" ? path.median_seconds : path.count),
    isMain: isMainPath(path),
    hasBead: path.hidden_ratio > BEAD_RATIO,
  });
  const join = (source: string, target: string, count: number): Omit<PathShape, keyof Drawn> => ({
    key: pathKey(source, target),
    source,
    target,
    path: null,
    count,
    width: JOIN_WIDTH,
    opacity: 1,
    shade: 0,
    isMain: true,
    hasBead: false,
  });
  const [first, last] = [mainSteps[0], mainSteps.at(-1)];
  const joins: Omit<PathShape, keyof Drawn>[] = [];
  for (const { step } of cards) {
    if (step.activity === first) joins.push(join(START, first, step.starts));
    if (step.activity === last && pills.some((pill) => pill.id === END)) joins.push(join(last, END, step.ends));
  }
  const straight = paths.map(look);
  const looks = [...joins, ...straight.filter((one) => one.isMain), ...straight.filter((one) => !one.isMain)];
  const boxes = [...cards, ...pills].map(({ box }) => box);
  const drawn = route(boxes, looks);
  const boxOf = new Map(boxes.map((box) => [box.id, box]));
  const shapes: PathShape[] = [];
  for (const one of looks) {
    const line = drawn.get(one.key);
    if (line) shapes.push({ ...one, ...line });
  }
  for (const one of repeats.map(look)) {
    const box = boxOf.get(one.source);
    if (box) shapes.push({ ...one, ...drawLoop(box, one.width) });
  }
  return shapes.sort((a, b) => a.count - b.count);
}

/** Labels of the strongest paths, the main way first, as far as they find room. */
function labelsOf(shapes: readonly PathShape[], boxes: readonly Box[], most: number, { labelOf, measure, mode }: SceneInput): Label[] {
  const lines = new Map(shapes.map((shape) => [shape.key, shape.points]));
  const obstacles = boxes.map((box) => ({
    left: leftOf(box) - box.roomLeft,
    right: rightOf(box),
    top: topOf(box) - 2,
    bottom: bottomOf(box) + 2,
  }));
  // Loops are the last to be labelled: they say less than ways to other steps.
  const rank = (shape: PathShape): number => (shape.isMain ? 2e15 : 0) + (shape.source === shape.target ? 0 : 1e15) + shape.count;
  const wishes = shapes
    .toSorted((a, b) => rank(b) - rank(a))
    .slice(0, most)
    .filter(({ path }) => path !== null || mode === "frequency")
    .map(({ key, path, count, points }) => ({ key, points, text: labelOf(path, count) }))
    .map((wish) => ({ ...wish, width: measure(wish.text) + LABEL_PADDING }));
  return placeLabels(wishes, lines, obstacles);
}
