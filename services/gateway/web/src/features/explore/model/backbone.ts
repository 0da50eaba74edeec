import { END, START, isRepeat, movesBetween, pathKey, stepsByName, type Graph, type Path } from "./graph";
import { linksOf, type Link } from "./mainWay";

const PATHS_PER_STEP = 1.7;
const REPEAT_SHOWN_RATIO = 0.05;

/** The link by which the widest route from `root` reaches each place. Follows links against their direction if `reversed`. */
function widestTree(links: readonly Link[], root: string, reversed: boolean): Map<string, Link> {
  const out = new Map<string, Link[]>();
  for (const link of links) {
    const tail = reversed ? link.to : link.from;
    out.set(tail, [...(out.get(tail) ?? []), link]);
  }
  const width = new Map([[root, Infinity]]);
  const via = new Map<string, Link>();
  const done = new Set<string>();
  for (;;) {
    let place: string | null = null;
    let best = 0;
    for (const [candidate, wide] of width) if (!done.has(candidate) && wide > best) [place, best] = [candidate, wide];
    if (place === null) return via;
    done.add(place);
    for (const link of out.get(place) ?? []) {
      const head = reversed ? link.from : link.to;
      const wide = Math.min(best, link.weight);
      if (!done.has(head) && wide > (width.get(head) ?? 0)) {
        width.set(head, wide);
        via.set(head, link);
      }
    }
  }
}

/**
 * Keys of the paths that are always drawn: the main way, the strongest way into and out of each step, and the widest
 * routes that make each step reachable from Start and able to reach End, with their first and last links.
 */
export function backbone(graph: Graph, mainSteps: readonly string[]): Set<string> {
  const keys = new Set<string>();
  mainSteps.slice(1).forEach((step, index) => keys.add(pathKey(mainSteps[index] as string, step)));
  const [entered, left] = [new Set<string>(), new Set<string>()];
  for (const path of byStrength(graph)) {
    if (!entered.has(path.target) || !left.has(path.source)) keys.add(pathKey(path.source, path.target));
    entered.add(path.target);
    left.add(path.source);
  }
  const links = linksOf(graph);
  for (const link of [...widestTree(links, START, false).values(), ...widestTree(links, END, true).values()]) {
    keys.add(pathKey(link.from, link.to));
  }
  return keys;
}

/** Paths between different steps, strongest first. */
function byStrength(graph: Graph): Path[] {
  return graph.edges.filter((path) => !isRepeat(path)).sort((a, b) => b.count - a.count);
}

export interface PathChoice {
  /** Paths between different steps, in the order the slider reveals them: the backbone, then strongest first. */
  order: Path[];
  /** Running share of moves after each path of `order`. */
  cumulated: number[];
  /** How many paths of `order` are the backbone. */
  backboneCount: number;
}

/** The order of the Paths slider, computed once per graph. */
export function pathChoice(graph: Graph, mainSteps: readonly string[]): PathChoice {
  const keys = backbone(graph, mainSteps);
  const paths = byStrength(graph);
  const isKept = (path: Path): boolean => keys.has(pathKey(path.source, path.target));
  const kept = paths.filter(isKept);
  const order = [...kept, ...paths.filter((path) => !isKept(path))];
  const total = movesBetween(graph);
  let moves = 0;
  const cumulated = order.map((path) => (moves += path.count) / total);
  return { order, cumulated, backboneCount: kept.length };
}

/** How many paths of the choice reach the share of moves; never fewer than the backbone. */
export function pathCount(choice: PathChoice, ratio: number): number {
  const enough = choice.cumulated.findIndex((reached) => reached >= ratio - 1e-9);
  return Math.max(choice.backboneCount, enough === -1 ? choice.order.length : enough + 1);
}

/** How many paths of the choice hold the picture together: the backbone, and about 1.7 per step. */
export function skeletonCount(choice: PathChoice, stepsCount: number): number {
  const wanted = Math.min(choice.order.length, Math.round(PATHS_PER_STEP * stepsCount));
  return Math.max(wanted, choice.backboneCount);
}

/** Smallest share of moves, in whole percent, that gives about 1.7 paths per step. */
export function defaultPathRatio(choice: PathChoice, stepsCount: number): number {
  const reached = choice.cumulated[skeletonCount(choice, stepsCount) - 1] ?? 1;
  return Math.floor(reached * 100) / 100;
}

/** Share of moves below which the slider cannot go. */
export function leastPathRatio(choice: PathChoice): number {
  return Math.floor((choice.cumulated[choice.backboneCount - 1] ?? 0) * 100) / 100;
}

/** Repeats of one step that matter: at least 5 % of the events of the step. */
export function shownRepeats(graph: Graph): Path[] {
  const steps = stepsByName(graph);
  return graph.edges.filter((path) => isRepeat(path) && path.count >= REPEAT_SHOWN_RATIO * (steps.get(path.source)?.count ?? Infinity));
}

/** Paths of one step that are not among `drawn` and hold at least 2 % of its events: a selection brings them in. */
export function hiddenPathsOf(graph: Graph, activity: string, drawn: ReadonlySet<string>): Path[] {
  const least = 0.02 * (stepsByName(graph).get(activity)?.count ?? 0);
  return graph.edges.filter(
    (path) =>
      !isRepeat(path) &&
      (path.source === activity || path.target === activity) &&
      path.count >= least &&
      !drawn.has(pathKey(path.source, path.target)),
  );
}
