import { useEffect, useMemo, useRef, useState } from "react";
import type { Direction } from "./draw/geometry";
import { placesOf } from "./draw/layoutClient";
import { gathered, roomsOf, settled, type Places } from "./draw/place";
import { skeletonOf } from "./draw/skeleton";
import { pathChoice, skeletonCount, type PathChoice } from "./model/backbone";
import type { Graph } from "./model/graph";

/** A graph with its cards placed; all parts belong together. */
export interface LaidMap {
  graph: Graph;
  mainSteps: readonly string[];
  choice: PathChoice;
  places: Places;
  direction: Direction;
}

/** Most cards side by side. */
const CARDS_ACROSS = 4;

/**
 * Places the cards of a graph, in a worker; until that is done the former map stays.
 *
 * Args:
 *   graph: null while a new one is on its way.
 *   isNarrow: one step per row.
 */
export function useLaidMap(
  graph: Graph | null,
  mainSteps: readonly string[],
  direction: Direction,
  isNarrow: boolean,
): { laid: LaidMap | null; isLaying: boolean; error: Error | null } {
  const [laid, setLaid] = useState<LaidMap | null>(null);
  const [error, setError] = useState<Error | null>(null);
  const former = useRef<Places | null>(null);
  const wanted = useMemo(() => {
    if (!graph) return null;
    const choice = pathChoice(graph, mainSteps);
    const count = skeletonCount(choice, graph.nodes.length);
    const skeleton = skeletonOf(graph, mainSteps, choice.order.slice(0, count), isNarrow ? 1 : CARDS_ACROSS);
    return { graph, mainSteps, choice, direction, isNarrow, skeleton };
  }, [graph, mainSteps, direction, isNarrow]);
  useEffect(() => {
    if (!wanted) return;
    let isWanted = true;
    const { skeleton, isNarrow, ...map } = wanted;
    placesOf(skeleton, wanted.direction, roomsOf(map.graph, skeleton, wanted.direction)).then(
      (found) => {
        if (!isWanted) return;
        const centred = settled(found, former.current);
        const places = isNarrow ? gathered(centred) : centred;
        former.current = places;
        setLaid({ ...map, places });
        setError(null);
      },
      (reason: unknown) => {
        if (isWanted) setError(reason instanceof Error ? reason : new Error(String(reason)));
      },
    );
    return () => {
      isWanted = false;
    };
  }, [wanted]);
  const isDone = laid?.graph === wanted?.graph && laid?.direction === wanted?.direction;
  return { laid, isLaying: wanted !== null && !isDone && error === null, error };
}
