import type { DirectlyFollows as Graph, GraphEdge as Path, GraphNode as Step } from "@/api/types";

/** The graph of one scope in the words of the page: steps and paths. */
export type { Graph, Path, Step };

/** Ends of every journey; no step can be called so, because texts from the API hold no NUL. */
export const START = "\u0000start";
export const END = "\u0000end";

export const isRepeat = (path: { source: string; target: string }): boolean => path.source === path.target;

export const pathKey = (source: string, target: string): string => `${source}\u0000${target}`;

/** All journeys of the scope: the base of every "share of journeys". */
export const journeysOf = (graph: Graph): number => graph.cases + graph.cases_without;

export const stepsByName = (graph: Graph): Map<string, Step> => new Map(graph.nodes.map((step) => [step.activity, step]));

/** Moves between different steps: repeats of one step would swamp every share. */
export function movesBetween(graph: Graph): number {
  return graph.edges.reduce((sum, path) => (isRepeat(path) ? sum : sum + path.count), 0);
}
