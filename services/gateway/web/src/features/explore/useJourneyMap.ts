import { useDeferredValue, useMemo, useState } from "react";
import { useDirectlyFollows } from "@/api/hooks";
import { useText } from "@/messages";
import { useFormat } from "@/shared/format";
import { useScope } from "@/shared/scope";
import type { DataSliderProps } from "./ControlBar";
import type { Direction } from "./draw/geometry";
import { sceneOf, type Scene } from "./draw/scene";
import type { Ready } from "./ExploreLayout";
import { useLabelWidth } from "./map/text";
import { defaultPathRatio, hiddenPathsOf, leastPathRatio, pathCount, shownRepeats } from "./model/backbone";
import { pathKey, type Graph, type Path } from "./model/graph";
import { mainWay } from "./model/mainWay";
import { clampStepCount, defaultStepCount, eventsRatio, revealOrder } from "./model/reveal";
import type { MapState, Selection } from "./state";
import { useLaidMap, type LaidMap } from "./useLaidMap";

export const MOST_STEPS = 150;
const SLIDER_PARTS = 100;

/** A map on screen: all parts belong to one answer of the server. */
export interface ShownMap extends LaidMap {
  scene: Scene;
  paths: Path[];
  /** How many of the paths only the selection brings in. */
  selected: number;
  repeats: Path[];
}

export interface JourneyMap {
  mainSteps: readonly string[];
  /** All steps in the order the slider reveals them, and how many are shown. */
  order: readonly string[];
  steps: number;
  /** The graph of the shown steps; null while it is on its way. */
  fresh: Graph | null;
  /** What is on screen, until the next one is ready. */
  shown: ShownMap | null;
  isBusy: boolean;
  /** The first picture is on its way. */
  isWaiting: boolean;
  /** Why there is no picture: the server, or the layout. */
  failure: { error: Error; from: "server" | "layout"; retry: () => void } | null;
  /** Steps that go when the reader lets the slider go. */
  leaving: ReadonlySet<string>;
  sliders: DataSliderProps[];
  /** Null while the paths are not known, or cannot be. */
  movesShare: string | null;
  /** What the last change of a slider led to, for screen readers. */
  announced: string;
}

/** From the graph of all steps and the address to the picture: choice of steps and paths, layout, scene. */
export function useJourneyMap(
  { dataset, full, isStale }: Ready,
  state: MapState,
  change: (part: Partial<MapState>) => void,
  direction: Direction,
  isPhone: boolean,
): JourneyMap {
  const t = useText();
  const f = useFormat();
  const measure = useLabelWidth();
  const { datasetId, question } = useScope();
  const [stepsDraft, setStepsDraft] = useState<number | null>(null);
  const [pathsDraft, setPathsDraft] = useState<number | null>(null);
  const [announced, setAnnounced] = useState("");
  const { mode, selection } = state;
  const goal = dataset.goal_activity;

  const mainSteps = useMemo(() => mainWay(full, goal), [full, goal]);
  const order = useMemo(() => revealOrder(full, mainSteps), [full, mainSteps]);
  const usual = useMemo(() => defaultStepCount(full, order, mainSteps.length, isPhone), [full, order, mainSteps, isPhone]);
  const steps = clampStepCount(state.steps ?? usual, order.length, mainSteps.length);
  const kept = useMemo(() => (steps === order.length ? [] : order.slice(0, steps)), [order, steps]);
  const keptQuestion = useMemo(() => (kept.length === 0 ? question : { ...question, activity: kept }), [question, kept]);
  const answer = useDirectlyFollows(datasetId, keptQuestion, !isStale && steps <= MOST_STEPS);
  const fresh = answer.data && !answer.isPlaceholderData && !isStale ? answer.data : null;
  const { laid, isLaying, error } = useLaidMap(fresh, mainSteps, direction, isPhone && direction === "down");

  let failure: JourneyMap["failure"] = null;
  if (answer.isError) failure = { error: answer.error, from: "server", retry: () => void answer.refetch() };
  else if (error) failure = { error, from: "layout", retry: () => location.reload() };

  const least = laid ? leastPathRatio(laid.choice) : 0;
  const ratio = Math.max(least, pathsDraft ?? state.paths ?? (laid ? defaultPathRatio(laid.choice, laid.graph.nodes.length) : 0));
  const pathWords = (count: number) => ({
    ...{ shown: count, all: laid?.choice.order.length ?? 0, share: f.share(laid?.choice.cumulated[count - 1] ?? 0) },
  });
  const count = laid ? pathCount(laid.choice, ratio) : 0;
  const drawn = useMemo(
    () => (laid ? drawnPaths(laid.graph, laid.choice.order.slice(0, count), selection) : null),
    [laid, count, selection],
  );
  const shown = useMemo(() => {
    if (!laid || !drawn) return null;
    const labelOf = (path: Path | null, moves: number): string =>
      mode === "frequency" || !path ? f.number(moves) : f.duration(path.median_seconds);
    return { ...laid, ...drawn, scene: sceneOf({ ...laid, ...drawn, mode, labelOf, measure }) };
  }, [laid, drawn, mode, f, measure]);
  const seen = useDeferredValue(shown);
  const isRefused = failure !== null || steps > MOST_STEPS;
  const isWaiting = !seen && !isRefused;

  const shownSteps = stepsDraft ?? steps;
  const leaving = useMemo(() => new Set(stepsDraft === null ? [] : order.slice(stepsDraft, steps)), [stepsDraft, steps, order]);
  const stepWords = (value: number) => ({ shown: value, all: order.length, share: f.share(eventsRatio(full, order.slice(0, value))) });
  const sliders: DataSliderProps[] = [
    {
      label: t("explore.steps"),
      text: t("explore.steps.text", stepWords(shownSteps)),
      spoken: t("explore.steps.spoken", stepWords(shownSteps)),
      min: Math.max(1, mainSteps.length),
      max: order.length,
      step: 1,
      value: shownSteps,
      onDrag: setStepsDraft,
      onRelease: (value) => {
        setStepsDraft(null);
        change({ steps: value });
        setAnnounced(t("explore.steps.spoken", stepWords(value)));
      },
    },
    {
      label: t("explore.paths"),
      text: laid ? t("explore.paths.text", pathWords(count)) : isWaiting ? null : "",
      spoken: t("explore.paths.spoken", pathWords(count)),
      min: 0,
      max: SLIDER_PARTS,
      step: 1,
      value: Math.round(ratio * SLIDER_PARTS),
      onDrag: (value) => setPathsDraft(value / SLIDER_PARTS),
      onRelease: (value) => {
        setPathsDraft(null);
        const chosen = Math.max(least, value / SLIDER_PARTS);
        change({ paths: chosen });
        // By keyboard the value comes before it is drawn.
        setAnnounced(t("explore.paths.spoken", pathWords(laid ? pathCount(laid.choice, chosen) : 0)));
      },
    },
  ];

  return {
    ...{ mainSteps, order, steps, fresh, leaving, sliders, movesShare: laid && !isRefused ? pathWords(count).share : null, announced, failure, isWaiting },
    shown: seen,
    isBusy: isStale || answer.isFetching || isLaying,
  };
}

/** The chosen paths with those that the selection brings in, and the repeats that matter. */
function drawnPaths(graph: Graph, chosen: readonly Path[], selection: Selection | null): Pick<ShownMap, "paths" | "selected" | "repeats"> {
  const keys = new Set(chosen.map((path) => pathKey(path.source, path.target)));
  const [paths, repeats] = [[...chosen], shownRepeats(graph)];
  if (selection?.kind === "step") paths.push(...hiddenPathsOf(graph, selection.step, keys));
  if (selection?.kind === "path") {
    const { source, target } = selection;
    const own = graph.edges.find((path) => path.source === source && path.target === target);
    const list = source === target ? repeats : paths;
    if (own && !list.includes(own)) list.push(own);
  }
  return { paths, selected: paths.length - chosen.length, repeats };
}
