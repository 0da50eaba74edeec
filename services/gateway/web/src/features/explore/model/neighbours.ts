import { END, START, isRepeat, stepsByName, type Graph } from "./graph";

export type NeighbourRow =
  | { kind: "step" | "repeat"; place: string; count: number; ratio: number; medianSeconds: number }
  | { kind: "edge-of-journey"; place: string; count: number; ratio: number }
  | { kind: "others"; paths: number; count: number; ratio: number };

const ROWS = 5;

/**
 * What comes before or after a step. Every event of a step has exactly one neighbour on each side (Start and End count),
 * so the counts add up to the events of the step; the last row holds what does not fit.
 */
export function neighbours(graph: Graph, activity: string, side: "before" | "after"): NeighbourRow[] {
  const step = stepsByName(graph).get(activity);
  if (!step) return [];
  const counted = (count: number) => ({ count, ratio: count / step.count });
  const [here, there] = side === "before" ? (["target", "source"] as const) : (["source", "target"] as const);
  const found: NeighbourRow[] = graph.edges
    .filter((path) => path[here] === activity)
    .map((path) => ({ kind: isRepeat(path) ? "repeat" : "step", place: path[there], ...counted(path.count), medianSeconds: path.median_seconds }));
  const ending = side === "before" ? step.starts : step.ends;
  if (ending > 0) found.push({ kind: "edge-of-journey", place: side === "before" ? START : END, ...counted(ending) });
  found.sort((a, b) => b.count - a.count);
  const rest = found.length > ROWS + 1 ? found.splice(ROWS) : [];
  if (rest.length > 0) found.push({ kind: "others", paths: rest.length, ...counted(rest.reduce((sum, row) => sum + row.count, 0)) });
  return found;
}
