import { useEffect, useMemo, useRef, useState } from "react";
import { settled, type Places } from "./draw/place";
import { placesOf } from "./draw/layoutClient";
import { skeletonOf } from "./draw/skeleton";
import { pathChoice, skeletonCount, type PathChoice } from "./model/backbone";
import type { Graph } from "./model/graph";

/** A graph with its cards placed; all parts belong together. */
export interface LaidMap {
  graph: Graph;
  mainSteps: readonly string[];
  choice: PathChoice;
  places: Places;
}

const CARDS_PER_ROW = 4;

/**
 * Places the cards of a graph, in a worker; until that is done the former map stays.
 *
 * Args:
 *   graph: null while a new one is on its way.
 *   isPhone: one step per row.
 */
export function useLaidMap(
  graph: Graph | null,
  mainSteps: readonly string[],
  isPhone: boolean,
): { laid: LaidMap | null; isLaying: boolean; error: Error | null } {
  const [laid, setLaid] = useState<LaidMap | null>(null);
  const [error, setError] = useState<Error | null>(null);
  const former = useRef<Places | null>(null);
  const wanted = useMemo(() => {
    if (!graph) return null;
    const choice = pathChoice(graph, mainSteps);
    const skeleton = skeletonOf(
      graph,
      mainSteps,
      choice.order.slice(0, skeletonCount(choice, graph.nodes.length)),
      isPhone ? 1 : CARDS_PER_ROW,
    );
    return { graph, mainSteps, choice, skeleton };
  }, [graph, mainSteps, isPhone]);
  useEffect(() => {
    if (!wanted) return;
    let isWanted = true;
    const { skeleton, ...map } = wanted;
    placesOf(skeleton).then(
      (found) => {
        if (!isWanted) return;
        const places = settled(found, former.current);
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
  return { laid, isLaying: wanted !== null && laid?.graph !== wanted.graph && error === null, error };
}
