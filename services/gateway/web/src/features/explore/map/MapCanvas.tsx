import { useElementSize } from "@mantine/hooks";
import { IconArrowDown, IconArrowRight } from "@tabler/icons-react";
import {
  useCallback,
  useEffect,
  useImperativeHandle,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
  type FocusEvent,
  type KeyboardEvent,
  type PointerEvent,
  type Ref,
} from "react";
import { useText } from "@/messages";
import { isRepeat, pathKey } from "../model/graph";
import { CARD_HEIGHT, CARD_WIDTH, format, rectAround, type Direction, type Point } from "../draw/geometry";
import type { CardShape, MapMode, PathShape, Scene } from "../draw/scene";
import type { Selection, ViewRect } from "../state";
import css from "./map.module.css";
import { byPlace, neighbourOf, strongestFrom } from "./keys";
import { Card, PathLabel, PathLine, Pill, namesOnCards } from "./shapes";
import { fitted, isInSight, isInside, revealed, transformOf, viewOf, type Insets, type Size, type Transform } from "./view";
import { useZoom } from "./useZoom";
import { ZOOM_STEP, ZoomButtons } from "./ZoomButtons";

const MANY_STEPS = 60;
const MANY_PATHS = 400;
const HIT_LEAST_RATIO = 0.01;
const TIP_OFFSET_PX = 14;
const TIP_WIDTH_PX = 280;
/** Part of the map that the half-open sheet of a phone covers. */
const SHEET_RATIO = 0.62;
// A tablet upright: as close as on a phone, rather than a number cut at the edge.
const NARROW_PX = 800;
const NO_INSETS: Insets = { top: 0, right: 0, bottom: 0, left: 0 };

export interface MapHandle {
  /** The drawing as it stands, for export. */
  svg: () => SVGSVGElement | null;
  /** Where the step is not drawn, the map's tab stop gets the focus. */
  focusStep: (step: string | null) => void;
  zoomBy: (factor: number) => void;
  /** Everything in sight. */
  fit: () => void;
}

interface MapCanvasProps {
  handle?: Ref<MapHandle>;
  scene: Scene;
  /** Changes when the cards were placed anew. */
  layoutKey: object;
  direction: Direction;
  mode: MapMode;
  /** The step of success, to be found when it is out of sight; null without one. */
  goal: string | null;
  selection: Selection | null;
  onSelect: (selection: Selection | null) => void;
  /** Steps that will go when the reader lets the slider go. */
  leaving: ReadonlySet<string>;
  isBusy: boolean;
  isPhone: boolean;
  /** A sheet holds the zoom buttons and covers what is selected. */
  hasSheet?: boolean;
  /** Part of the drawing given by the address; null = all of it. */
  view: ViewRect | null;
  onView: (view: ViewRect | null) => void;
  cardLabel: (card: CardShape) => string;
  /** Lines of the tooltip of a step whose name is cut, and of a path; the first one bold. */
  cardLines: (card: CardShape) => string[];
  pathLines: (shape: PathShape) => string[];
  onListPaths?: (step: string) => void;
  onTable?: () => void;
  /** What floats over the map at the bottom left. */
  legend?: React.ReactNode;
}

/** The journey map: own SVG, one transform for pan and zoom, one tab stop. */
export function MapCanvas(props: MapCanvasProps) {
  const { scene, layoutKey, direction, mode, goal, selection, onSelect, leaving, isPhone, view, onView, cardLabel } = props;
  const t = useText();
  const { ref: frame, width, height } = useElementSize();
  const [hovered, setHovered] = useState<string | null>(null);
  const [focused, setFocused] = useState<string | null>(null);
  const [tip, setTip] = useState<{ key: string; x: number; y: number } | null>(null);
  const [stop, setStop] = useState<string | null>(null);
  const [isGoalAway, setGoalAway] = useState(false);

  const cards = useMemo(() => new Map(scene.cards.map((card) => [card.step.activity, card])), [scene.cards]);
  const names = useMemo(() => namesOnCards(scene.cards), [scene.cards]);
  const paths = useMemo(() => new Map(scene.paths.map((shape) => [shape.key, shape])), [scene.paths]);
  const insets = useMemo<Insets>(
    () => (isPhone ? { top: 20, right: 12, bottom: 84, left: 12 } : { top: 20, right: 28, bottom: 66, left: 28 }),
    [isPhone],
  );
  const goalPlace = goal === null ? undefined : cards.get(goal)?.box;
  const seekGoal = useCallback(
    (transform: Transform) => setGoalAway(goalPlace !== undefined && !isInSight(transform, goalPlace, { width, height }, insets)),
    [goalPlace, width, height, insets],
  );
  const { svg, content, camera, showsHint } = useZoom({
    onChange: seekGoal,
    onMoved: (transform) => onView(viewOf(transform, { width, height })),
  });
  const fit = useCallback(
    (instantly: boolean) => {
      // The legend takes more rows where it is narrow.
      const legend = svg.current?.parentElement?.querySelector(`.${css.legend}`)?.clientHeight ?? 0;
      const free = { ...insets, bottom: Math.max(insets.bottom, legend + 30) };
      camera.moveTo(fitted(scene.bounds, { width, height }, free, isPhone || width < NARROW_PX ? 0.68 : 0.74, direction), instantly);
    },
    [svg, camera, scene.bounds, width, height, insets, isPhone, direction],
  );
  const fitAll = useCallback(() => (fit(false), onView(null)), [fit, onView]);

  const shown = useRef<{ layoutKey: object; direction: Direction; width: number; cards: typeof cards } | null>(null);
  useLayoutEffect(() => {
    if (width === 0) return;
    const former = shown.current;
    shown.current = { layoutKey, direction, width, cards };
    if (former?.layoutKey === layoutKey && former.width === width) return;
    const size = { width, height };
    if (!former) {
      if (view) camera.moveTo(transformOf(view, size), true);
      else fit(true);
    } else if (former.width !== width) {
      if (!view) fit(true);
    } else {
      const isSeen = (card: CardShape | undefined): boolean => card !== undefined && isInSight(camera.get(), card.box, size, NO_INSETS);
      const hasLeft = [...cards].some(([step, card]) => isSeen(former.cards.get(step)) && !isSeen(card));
      const isCut = view === null && !isInside(camera.get(), scene.bounds, size, insets);
      if (hasLeft || isCut || former.direction !== direction) {
        fit(false);
        if (view) onView(null);
      }
    }
  }, [layoutKey, direction, width, height, view, onView, camera, fit, cards, scene.bounds, insets]);
  // eslint-disable-next-line react-hooks/set-state-in-effect -- where the camera stands is known outside React only
  useEffect(() => seekGoal(camera.get()), [seekGoal, camera, layoutKey]);

  const firstStep = useMemo(() => {
    const compare = byPlace(direction);
    return scene.cards.toSorted((a, b) => compare(a.box, b.box))[0]?.step.activity ?? null;
  }, [scene.cards, direction]);
  const tabStop = stop !== null && cards.has(stop) ? stop : firstStep;

  const reveal = useCallback(
    (step: string, free: Insets) => {
      const card = cards.get(step);
      if (!card) return;
      const rect = rectAround(card.box, CARD_WIDTH + 60, CARD_HEIGHT + 60);
      camera.moveTo(revealed(camera.get(), rect, { width, height }, free));
    },
    [cards, camera, width, height],
  );
  const focusStep = useCallback(
    (wanted: string | null) => {
      const step = wanted !== null && cards.has(wanted) ? wanted : tabStop;
      if (step === null) return;
      setStop(step);
      const element = svg.current?.querySelector<SVGGElement>(`[data-step="${CSS.escape(step)}"]`);
      element?.focus({ preventScroll: true });
      reveal(step, insets);
    },
    [svg, cards, tabStop, reveal, insets],
  );
  useImperativeHandle(props.handle, () => ({ svg: () => svg.current, focusStep, zoomBy: camera.zoomBy, fit: fitAll }), [svg, focusStep, camera, fitAll]);

  const lit = useMemo(() => litBy(scene, hovered ?? focused ?? (selection && keyOf(selection))), [scene, hovered, focused, selection]);

  const onKeyDown = (event: KeyboardEvent<SVGSVGElement>): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const at = tabStop;
    const act = keyAction(event.key, at);
    if (!act) return;
    event.preventDefault();
    act();
  };
  function keyAction(key: string, at: string | null): (() => void) | null {
    const goTo = (step: string | null | undefined) => () => step && focusStep(step);
    // The arrow that points along time follows the strongest path.
    const [on, back, next, former] =
      direction === "down"
        ? ["ArrowDown", "ArrowUp", "ArrowRight", "ArrowLeft"]
        : ["ArrowRight", "ArrowLeft", "ArrowDown", "ArrowUp"];
    switch (key) {
      case on:
        return goTo(at && strongestFrom(scene, at, "out"));
      case back:
        return goTo(at && strongestFrom(scene, at, "in"));
      case next:
        return goTo(at && neighbourOf(scene, at, 1, direction));
      case former:
        return goTo(at && neighbourOf(scene, at, -1, direction));
      case "Enter":
      case " ":
        return () => at && onSelect({ kind: "step", step: at });
      case "Escape":
        return () => onSelect(null);
      case "p":
      case "P":
        return () => at && props.onListPaths?.(at);
      case "t":
      case "T":
        return props.onTable ?? null;
      case "+":
      case "=":
        return () => camera.zoomBy(ZOOM_STEP);
      case "-":
        return () => camera.zoomBy(1 / ZOOM_STEP);
      case "0":
        return fitAll;
      default:
        return null;
    }
  }

  const targetOf = (target: EventTarget): { step?: string; path?: string } => {
    const element = (target as Element).closest<SVGGElement>("[data-step],[data-path]");
    return {
      ...(element?.dataset["step"] && { step: element.dataset["step"] }),
      ...(element?.dataset["path"] && { path: element.dataset["path"] }),
    };
  };
  const onPointerMove = (event: PointerEvent<SVGSVGElement>): void => {
    if (event.pointerType === "touch" || event.buttons !== 0) return;
    const { step, path } = targetOf(event.target);
    setHovered(step ?? path ?? null);
    const area = svg.current?.getBoundingClientRect();
    const cut = step !== undefined && names.get(step) !== step ? step : undefined;
    const key = path ?? cut;
    setTip(key && area ? { key, x: event.clientX - area.left, y: event.clientY - area.top } : null);
  };
  const onClick = (event: React.MouseEvent<SVGSVGElement>): void => {
    const { step, path } = targetOf(event.target);
    const shape = path === undefined ? undefined : paths.get(path);
    if (step !== undefined) {
      setStop(step);
      onSelect({ kind: "step", step });
      if (props.hasSheet) reveal(step, { ...insets, bottom: height * SHEET_RATIO + insets.top });
    } else if (shape) onSelect({ kind: "path", source: shape.source, target: shape.target });
    else onSelect(null);
  };

  const pathsCount = scene.paths.filter(({ path }) => path && !isRepeat(path)).length;
  const GoalArrow = direction === "down" ? IconArrowDown : IconArrowRight;
  const total = scene.paths.reduce((sum, shape) => sum + shape.count, 0);
  const isCrowded = scene.cards.length > MANY_STEPS || scene.paths.length > MANY_PATHS;
  const tipLines = linesOf(tip?.key);
  function linesOf(key: string | undefined): string[] {
    const [shape, card] = key === undefined ? [] : [paths.get(key), cards.get(key)];
    return shape ? props.pathLines(shape) : card ? props.cardLines(card) : [];
  }
  const onFocus = ({ target }: FocusEvent<SVGSVGElement>): void => {
    const step = target.matches(":focus-visible") ? targetOf(target).step : undefined;
    setFocused(step ?? null);
  };

  return (
    <div className={css.frame} ref={frame}>
      {props.isBusy && <div className={css.busy} />}
      <svg
        ref={svg}
        className={css.canvas}
        data-mode={mode}
        data-unplaced={width === 0 || undefined}
        role="group"
        aria-label={t(props.onTable ? "explore.map.label" : "explore.map.label_plain", { steps: scene.cards.length, paths: pathsCount })}
        onKeyDown={onKeyDown}
        onFocus={onFocus}
        onBlur={() => setFocused(null)}
        onPointerMove={onPointerMove}
        onPointerLeave={() => (setHovered(null), setTip(null))}
        onClick={onClick}
      >
        <g ref={content}>
          <pattern id="map-dots" data-screen-only width={28} height={28} patternUnits="userSpaceOnUse">
            <circle className={css.dots} cx={14} cy={14} r={1.1} />
          </pattern>
          <rect data-screen-only x={-20000} y={-20000} width={40000} height={40000} fill="url(#map-dots)" />
          <g className={css.content} data-dim={props.isBusy || undefined}>
            <Lines
              key={keyOfObject(layoutKey)}
              scene={scene}
              lit={lit}
              selection={selection}
              leastHit={isCrowded ? HIT_LEAST_RATIO * total : 0}
            />
            {scene.pills.map((pill) => (
              <Pill key={pill.id} pill={pill} />
            ))}
            {scene.cards.map((card) => {
              const { activity } = card.step;
              return (
                <Card
                  key={activity}
                  card={card}
                  name={names.get(activity) ?? activity}
                  direction={direction}
                  mode={mode}
                  label={cardLabel(card)}
                  isSelected={selection?.kind === "step" && selection.step === activity}
                  isFaint={lit !== null && !lit.steps.has(activity)}
                  isLeaving={leaving.has(activity)}
                  isTabStop={activity === tabStop}
                />
              );
            })}
          </g>
        </g>
      </svg>
      {tip && tipLines.length > 0 && (
        <div className={css.tip} style={{ transform: tipPlace(tip, { width, height }) }}>
          {tipLines.map((line, index) => (index === 0 ? <b key={line}>{line}</b> : <div key={line}>{line}</div>))}
        </div>
      )}
      {showsHint && <div className={`${css.float} ${css.hint}`}>{t("explore.map.tap_hint")}</div>}
      {props.legend}
      {isGoalAway && goal !== null && (
        <button type="button" className={`${css.float} ${css.toGoal}`} onClick={() => focusStep(goal)}>
          <GoalArrow size={16} stroke={1.7} aria-hidden />
          {t("explore.map.to_goal")}
        </button>
      )}
      {!props.hasSheet && <ZoomButtons onZoom={camera.zoomBy} onFit={fitAll} />}
    </div>
  );
}

/** Right below the pointer; above it in the lower half, so that nothing is cut. */
function tipPlace({ x, y }: Point, size: Size): string {
  const left = Math.max(0, Math.min(x + TIP_OFFSET_PX, size.width - TIP_WIDTH_PX));
  return y > size.height / 2
    ? `translate(${left}px, ${y - TIP_OFFSET_PX}px) translateY(-100%)`
    : `translate(${left}px, ${y + TIP_OFFSET_PX}px)`;
}

interface Lit {
  steps: ReadonlySet<string>;
  paths: ReadonlySet<string>;
}

const keyOf = (selection: Selection): string => (selection.kind === "step" ? selection.step : pathKey(selection.source, selection.target));

/** What stays bright while a step or path is pointed at or selected; null when all does. */
function litBy(scene: Scene, key: string | null): Lit | null {
  if (key === null) return null;
  const path = scene.paths.find((shape) => shape.key === key);
  if (path) return { steps: new Set([path.source, path.target]), paths: new Set([key]) };
  if (!scene.cards.some((card) => card.step.activity === key)) return null;
  const own = scene.paths.filter((shape) => shape.source === key || shape.target === key);
  return {
    steps: new Set([key, ...own.flatMap((shape) => [shape.source, shape.target])]),
    paths: new Set(own.map((shape) => shape.key)),
  };
}

const layoutIds = new WeakMap<object, number>();
let layouts = 0;
/** A number for an object, so that React draws the paths of a new layout anew. */
function keyOfObject(object: object): number {
  if (!layoutIds.has(object)) layoutIds.set(object, (layouts += 1));
  return layoutIds.get(object) as number;
}

/** The paths that the last change took away: they fade out. */
function useGone(paths: readonly PathShape[]): readonly PathShape[] {
  const [shown, setShown] = useState<{ paths: readonly PathShape[]; gone: readonly PathShape[] }>({ paths, gone: [] });
  if (shown.paths === paths) return shown.gone;
  const keys = new Set(paths.map((shape) => shape.key));
  const gone = shown.paths.filter((shape) => !keys.has(shape.key));
  setShown({ paths, gone });
  return gone;
}

/** Underlay of the main way, paths, then labels above all lines. */
function Lines({ scene, lit, selection, leastHit }: { scene: Scene; lit: Lit | null; selection: Selection | null; leastHit: number }) {
  const selected = selection?.kind === "path" ? keyOf(selection) : null;
  const gone = useGone(scene.paths);
  // Among the bright paths only there is room for all of their numbers.
  const labels = useMemo(() => (lit ? scene.labelsAmong(lit.paths) : scene.labels), [scene, lit]);
  return (
    <g className={css.paths}>
      <g className={css.gone} key={gone.map((shape) => shape.key).join()}>
        {gone.map((shape) => (
          <PathLine key={shape.key} shape={shape} isFaint={false} isLit={false} isSelected={false} hasHitArea={false} />
        ))}
      </g>
      {scene.paths
        .filter((shape) => shape.isMain)
        .map((shape) => (
          <path
            key={shape.key}
            className={css.way}
            data-faint={lit !== null || undefined}
            d={`${shape.d}L${format(shape.tip)}`}
            aria-hidden
          />
        ))}
      {scene.paths.map((shape) => (
        <PathLine
          key={shape.key}
          shape={shape}
          isFaint={lit !== null && !lit.paths.has(shape.key)}
          isLit={lit !== null && lit.paths.has(shape.key)}
          isSelected={shape.key === selected}
          hasHitArea={shape.count >= leastHit}
        />
      ))}
      {labels.map((label) => (
        <PathLabel key={label.key} label={label} isLit={lit !== null} />
      ))}
    </g>
  );
}
