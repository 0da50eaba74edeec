import { END, START, isRepeat, type Graph } from "./graph";

export interface Link {
  from: string;
  to: string;
  weight: number;
}

/** Links of a graph between different steps, with Start and End, strongest first (equals keep the order of the API). */
export function linksOf(graph: Graph): Link[] {
  const links: Link[] = [];
  for (const step of graph.nodes) {
    if (step.starts > 0) links.push({ from: START, to: step.activity, weight: step.starts });
    if (step.ends > 0) links.push({ from: step.activity, to: END, weight: step.ends });
  }
  for (const path of graph.edges) {
    if (!isRepeat(path)) links.push({ from: path.source, to: path.target, weight: path.count });
  }
  return links.sort((a, b) => b.weight - a.weight);
}

/** The link whose arrival, strongest first, connects the two places: the bottleneck of the widest route. */
function bottleneck(links: readonly Link[], from: string, to: string): Link | null {
  const reached = new Set([from]);
  const known = new Map<string, string[]>();
  for (const link of links) {
    const out = known.get(link.from);
    if (out) out.push(link.to);
    else known.set(link.from, [link.to]);
    if (!reached.has(link.from) || reached.has(link.to)) continue;
    const open = [link.to];
    for (let place = open.pop(); place !== undefined; place = open.pop()) {
      if (reached.has(place)) continue;
      reached.add(place);
      open.push(...(known.get(place) ?? []));
    }
    if (reached.has(to)) return link;
  }
  return null;
}

/**
 * The widest route: its weakest link is as strong as any route allows, and so is, recursively, each part before and
 * after that link. Empty when `from` is `to`, null when no route exists.
 *
 * `links` must be sorted strongest first. Cost O(links x steps of the route).
 */
export function widestRoute(links: readonly Link[], from: string, to: string): Link[] | null {
  if (from === to) return [];
  const narrow = bottleneck(links, from, to);
  if (!narrow) return null;
  const before = widestRoute(links, from, narrow.from);
  const after = widestRoute(links, narrow.to, to);
  return before && after && [...before, narrow, ...after];
}

/** Steps of the main way: the widest route from Start to the goal, or to End when the goal is not set or never happens. */
export function mainWay(graph: Graph, goal: string | null): string[] {
  const links = linksOf(graph);
  const withoutGoal = (): Link[] => widestRoute(links, START, END) ?? [];
  const hasGoal = goal !== null && graph.nodes.some((step) => step.activity === goal);
  const route = hasGoal ? (widestRoute(links, START, goal) ?? withoutGoal()) : withoutGoal();
  return route.map((link) => link.to).filter((place) => place !== END);
}
