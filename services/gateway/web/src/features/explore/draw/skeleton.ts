import { END, START, pathKey, stepsByName, type Graph, type Path } from "../model/graph";

/** What is placed: steps in time order, and the paths that pull them together, all pointing forward. */
export interface Skeleton {
  /** Steps by average order of first appearance; the main way always runs forward. */
  order: string[];
  mainSteps: string[];
  links: { source: string; target: string; weight: number }[];
  /** True when journeys end with the last step of the main way, so that an End pill is joined to it. */
  hasEnd: boolean;
}

const MAIN_WEIGHT = 60;

/** Steps by `mean_rank`; a step of the main way never comes before the one it follows there. */
export function timeOrder(graph: Graph, mainSteps: readonly string[]): string[] {
  const steps = stepsByName(graph);
  const rank = new Map(graph.nodes.map((step) => [step.activity, step.mean_rank]));
  let former = -Infinity;
  mainSteps.forEach((step, index) => {
    former = Math.max(rank.get(step) ?? 0, former + 1e-6 * (index > 0 ? 1 : 0));
    rank.set(step, former);
  });
  return [...steps.keys()].sort((a, b) => (rank.get(a) ?? 0) - (rank.get(b) ?? 0));
}

/**
 * Pairs of steps that must stand one below the other, so that no row holds more than `cardsPerRow`: a step that finds its
 * row full moves below the first one there.
 */
function overfull(order: readonly string[], links: Skeleton["links"], cardsPerRow: number): [string, string][] {
  const rowOf = new Map<string, number>();
  const rows: string[][] = [];
  const pairs: [string, string][] = [];
  for (const step of order) {
    const before = links.filter((link) => link.target === step).map((link) => rowOf.get(link.source) ?? -1);
    let row = Math.max(0, ...before.map((above) => above + 1));
    for (let full = rows[row]; full && full.length >= cardsPerRow; full = rows[row]) {
      pairs.push([full[0] as string, step]);
      row += 1;
    }
    rows[row] = [...(rows[row] ?? []), step];
    rowOf.set(step, row);
  }
  return pairs;
}

/**
 * The skeleton of a graph: the given paths (backbone and strongest), those against the order reversed.
 *
 * Args:
 *   cardsPerRow: most cards side by side: 1 on a phone.
 */
export function skeletonOf(graph: Graph, mainSteps: readonly string[], paths: readonly Path[], cardsPerRow: number): Skeleton {
  const order = timeOrder(graph, mainSteps);
  const place = new Map(order.map((step, index) => [step, index]));
  const strongest = Math.max(1, ...paths.map((path) => path.count));
  const links = new Map<string, Skeleton["links"][number]>();
  const add = (source: string, target: string, weight: number): void => {
    const key = pathKey(source, target);
    links.set(key, { source, target, weight: Math.max(weight, links.get(key)?.weight ?? 0) });
  };
  for (const path of paths) {
    const isForward = (place.get(path.source) ?? 0) < (place.get(path.target) ?? 0);
    const weight = 1 + Math.round(8 * Math.sqrt(path.count / strongest));
    if (isForward) add(path.source, path.target, weight);
    else add(path.target, path.source, 1);
  }
  const last = mainSteps.at(-1);
  const hasEnd = last !== undefined && (stepsByName(graph).get(last)?.ends ?? 0) > 0;
  const way = [START, ...mainSteps, ...(hasEnd ? [END] : [])];
  way.slice(1).forEach((step, index) => add(way[index] as string, step, MAIN_WEIGHT));
  for (const [above, below] of overfull(order, [...links.values()], cardsPerRow)) add(above, below, 0);
  const entered = new Set([...links.values()].map((link) => link.target));
  // Nothing comes before these, yet they belong below Start.
  for (const step of order) if (!entered.has(step)) add(START, step, 0);
  return { order, mainSteps: [...mainSteps], links: [...links.values()], hasEnd };
}
