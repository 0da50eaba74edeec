import { useElementSize } from "@mantine/hooks";
import {
  useCallback,
  useEffect,
  useImperativeHandle,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
  type KeyboardEvent,
  type PointerEvent,
  type Ref,
} from "react";
import { useText } from "@/messages";
import { pathKey } from "../model/graph";
import { CARD_HEIGHT, CARD_WIDTH, format, rectAround } from "../draw/geometry";
import type { CardShape, MapMode, PathShape, Scene } from "../draw/scene";
import type { Selection, ViewRect } from "../state";
import css from "./map.module.css";
import { neighbourOf, strongestFrom } from "./keys";
import { Card, PathLabel, PathLine, Pill } from "./shapes";
import { fitted, isOutside, revealed, transformOf, viewOf, type Insets } from "./view";
import { useZoom } from "./useZoom";
import { ZOOM_STEP, ZoomButtons } from "./ZoomButtons";

const MANY_STEPS = 60;
const MANY_PATHS = 400;
const HIT_LEAST_RATIO = 0.01;
const HINT_SEEN = "cjm-map-hint-seen";
const TIP_OFFSET_PX = 14;
const TIP_WIDTH_PX = 260;

export interface MapHandle {
  /** The drawing as it stands, for export. */
  svg: () => SVGSVGElement | null;
  focusStep: (step: string) => void;
  zoomBy: (factor: number) => void;
}

interface MapCanvasProps {
  handle?: Ref<MapHandle>;
  scene: Scene;
  /** Changes when the cards were placed anew. */
  layoutKey: object;
  mode: MapMode;
  selection: Selection | null;
  onSelect: (selection: Selection | null) => void;
  /** Steps that will go when the reader lets the slider go. */
  leaving: ReadonlySet<string>;
  isBusy: boolean;
  isPhone: boolean;
  /** Part of the drawing given by the address; null = all of it. */
  view: ViewRect | null;
  onView: (view: ViewRect | null) => void;
  cardLabel: (card: CardShape) => string;
  /** Lines of the tooltip of a path, the first one bold. */
  pathLines: (shape: PathShape) => string[];
  onListPaths?: (step: string) => void;
  onTable?: () => void;
  /** What floats over the map at the bottom left. */
  legend?: React.ReactNode;
}

/** The journey map: own SVG, one transform for pan and zoom, one tab stop. */
export function MapCanvas(props: MapCanvasProps) {
  const { scene, layoutKey, mode, selection, onSelect, leaving, isPhone, view, onView, cardLabel } = props;
  const t = useText();
  const isArmed = useRef(false);
  const { ref: frame, width, height } = useElementSize();
  const [hovered, setHovered] = useState<string | null>(null);
  const [tip, setTip] = useState<{ key: string; x: number; y: number } | null>(null);
  const [stop, setStop] = useState<string | null>(null);
  const [hint, setHint] = useState(false);

  const { svg, content, camera } = useZoom({
    isArmed,
    onMoved: (transform) => onView(viewOf(transform, { width, height })),
  });
  const insets = useMemo<Insets>(
    () => (isPhone ? { top: 20, right: 12, bottom: 84, left: 12 } : { top: 24, right: 28, bottom: 70, left: 28 }),
    [isPhone],
  );
  const fit = useCallback(
    (instantly: boolean) => camera.moveTo(fitted(scene.bounds, { width, height }, insets, isPhone ? 0.68 : 0.74), instantly),
    [camera, scene.bounds, width, height, insets, isPhone],
  );

  const shown = useRef<{ layoutKey: object; width: number } | null>(null);
  useLayoutEffect(() => {
    if (width === 0) return;
    const former = shown.current;
    if (former?.layoutKey === layoutKey && former.width === width) return;
    shown.current = { layoutKey, width };
    const size = { width, height };
    if (!former && view) camera.moveTo(transformOf(view, size), true);
    else if (!former || !view) fit(!former || former.width !== width);
    else if (isOutside(camera.get(), scene.bounds, size)) fit(false);
  }, [layoutKey, width, height, view, camera, fit, scene.bounds]);

  const cards = useMemo(() => new Map(scene.cards.map((card) => [card.step.activity, card])), [scene.cards]);
  const paths = useMemo(() => new Map(scene.paths.map((shape) => [shape.key, shape])), [scene.paths]);
  const firstStep = useMemo(() => scene.cards.toSorted((a, b) => a.box.y - b.box.y)[0]?.step.activity ?? null, [scene.cards]);
  const tabStop = stop !== null && cards.has(stop) ? stop : firstStep;

  const focusStep = useCallback(
    (step: string) => {
      const card = cards.get(step);
      if (!card) return;
      setStop(step);
      const element = svg.current?.querySelector<SVGGElement>(`[data-step="${CSS.escape(step)}"]`);
      element?.focus({ preventScroll: true });
      const rect = rectAround(card.box, CARD_WIDTH + 60, CARD_HEIGHT + 60);
      camera.moveTo(revealed(camera.get(), rect, { width, height }, insets));
    },
    [svg, cards, camera, width, height, insets],
  );
  useImperativeHandle(props.handle, () => ({ svg: () => svg.current, focusStep, zoomBy: camera.zoomBy }), [svg, focusStep, camera]);

  const lit = useMemo(() => litBy(scene, hovered ?? (selection && keyOf(selection))), [scene, hovered, selection]);

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
    switch (key) {
      case "ArrowDown":
        return goTo(at && strongestFrom(scene, at, "out"));
      case "ArrowUp":
        return goTo(at && strongestFrom(scene, at, "in"));
      case "ArrowRight":
        return goTo(at && neighbourOf(scene, at, 1));
      case "ArrowLeft":
        return goTo(at && neighbourOf(scene, at, -1));
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
        return () => (fit(false), onView(null));
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
    setTip(path && area ? { key: path, x: event.clientX - area.left, y: event.clientY - area.top } : null);
  };
  const onClick = (event: React.MouseEvent<SVGSVGElement>): void => {
    const { step, path } = targetOf(event.target);
    const shape = path === undefined ? undefined : paths.get(path);
    if (step !== undefined) {
      setStop(step);
      onSelect({ kind: "step", step });
    } else if (shape) onSelect({ kind: "path", source: shape.source, target: shape.target });
    else onSelect(null);
  };

  useEffect(() => {
    const element = svg.current;
    if (!element) return;
    const arm = (on: boolean): void => {
      isArmed.current = on;
      element.dataset["armed"] = String(on);
    };
    const onTap = (event: globalThis.PointerEvent): void => {
      if (event.pointerType === "touch") arm(element.contains(event.target as Node));
    };
    const onTouchMove = (event: TouchEvent): void => {
      if (isArmed.current || event.touches.length > 1 || localStorage.getItem(HINT_SEEN)) return;
      localStorage.setItem(HINT_SEEN, "1");
      setHint(true);
    };
    // The finger is up again: a tap or the end of a scroll inside the map.
    document.addEventListener("pointerup", onTap);
    element.addEventListener("touchmove", onTouchMove, { passive: true });
    return () => {
      document.removeEventListener("pointerup", onTap);
      element.removeEventListener("touchmove", onTouchMove);
    };
  }, [svg]);
  useEffect(() => {
    if (!hint) return;
    const timer = setTimeout(() => setHint(false), 4000);
    return () => clearTimeout(timer);
  }, [hint]);

  const total = scene.paths.reduce((sum, shape) => sum + shape.count, 0);
  const isCrowded = scene.cards.length > MANY_STEPS || scene.paths.length > MANY_PATHS;
  const tipShape = tip && paths.get(tip.key);

  return (
    <div className={css.frame} ref={frame}>
      {props.isBusy && <div className={css.busy} />}
      <svg
        ref={svg}
        className={css.canvas}
        data-mode={mode}
        role="group"
        aria-label={t("explore.map.label", { steps: scene.cards.length, paths: scene.paths.filter((shape) => shape.path).length })}
        onKeyDown={onKeyDown}
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
      {tip && tipShape && (
        <div
          className={css.tip}
          style={{ transform: `translate(${Math.min(tip.x + TIP_OFFSET_PX, width - TIP_WIDTH_PX)}px, ${tip.y + TIP_OFFSET_PX}px)` }}
        >
          {props.pathLines(tipShape).map((line, index) => (index === 0 ? <b key={line}>{line}</b> : <div key={line}>{line}</div>))}
        </div>
      )}
      {hint && <div className={`${css.float} ${css.hint}`}>{t("explore.map.tap_hint")}</div>}
      {props.legend}
      <ZoomButtons onZoom={camera.zoomBy} onFit={() => (fit(false), onView(null))} />
    </div>
  );
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
