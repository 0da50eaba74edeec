import { select } from "d3-selection";
import { zoom, zoomIdentity, zoomTransform, type ZoomBehavior } from "d3-zoom";
import { useCallback, useEffect, useMemo, useRef, useState, type RefObject } from "react";
import { SCALE_RANGE, type Transform } from "./view";

const GLIDE_MS = 380;
const HINT_SEEN = "cjm-map-hint-seen";
const HINT_MS = 4000;

export interface Camera {
  get: () => Transform;
  /** Moves there, gliding unless `instantly` or motion is unwanted. */
  moveTo: (to: Transform, instantly?: boolean) => void;
  zoomBy: (factor: number) => void;
}

export interface Zoom {
  svg: RefObject<SVGSVGElement | null>;
  /** The one element whose `transform` follows, outside React. */
  content: RefObject<SVGGElement | null>;
  camera: Camera;
  /** Says for a moment, once per browser, that a tap lets one finger move the drawing. */
  showsHint: boolean;
}

interface ZoomOptions {
  /** With every change, also while the map glides. */
  onChange?: (transform: Transform) => void;
  /** After the reader moved the map. */
  onMoved: (transform: Transform) => void;
}

/** Pan and zoom by d3-zoom: wheel, drag, pinch, one finger after a tap; a double click does nothing. */
export function useZoom({ onChange, onMoved }: ZoomOptions): Zoom {
  const svg = useRef<SVGSVGElement>(null);
  const isArmed = useRef(false);
  const [showsHint, setHint] = useState(false);
  const content = useRef<SVGGElement>(null);
  const behaviour = useRef<ZoomBehavior<SVGSVGElement, unknown> | null>(null);
  const changed = useRef(onChange);
  const moved = useRef(onMoved);
  const frame = useRef(0);
  const began = useRef("");
  useEffect(() => {
    changed.current = onChange;
    moved.current = onMoved;
  }, [onChange, onMoved]);

  useEffect(() => {
    const element = svg.current;
    if (!element) return;
    const created = zoom<SVGSVGElement, unknown>()
      .scaleExtent([...SCALE_RANGE])
      .filter((event: MouseEvent | TouchEvent) => {
        if ("touches" in event) return event.touches.length > 1 || isArmed.current;
        return (!event.ctrlKey || event.type === "wheel") && !event.button;
      })
      .on("start", () => {
        began.current = zoomTransform(element).toString();
      })
      .on("zoom", ({ transform, sourceEvent }: { transform: Transform; sourceEvent: Event | null }) => {
        if (sourceEvent) cancelAnimationFrame(frame.current);
        content.current?.setAttribute("transform", `translate(${transform.x},${transform.y}) scale(${transform.k})`);
        changed.current?.(transform);
      })
      .on("end", ({ transform, sourceEvent }: { transform: Transform; sourceEvent: Event | null }) => {
        if (sourceEvent && began.current !== zoomTransform(element).toString()) moved.current(transform);
      });
    behaviour.current = created;
    const selection = select(element);
    selection.call(created).on("dblclick.zoom", null);
    return () => {
      cancelAnimationFrame(frame.current);
      selection.on(".zoom", null);
    };
  }, []);

  useEffect(() => {
    const element = svg.current;
    if (!element) return;
    const arm = (on: boolean): void => {
      isArmed.current = on;
      element.dataset["armed"] = String(on);
    };
    const onTap = (event: PointerEvent): void => {
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
  }, []);
  useEffect(() => {
    if (!showsHint) return;
    const timer = setTimeout(() => setHint(false), HINT_MS);
    return () => clearTimeout(timer);
  }, [showsHint]);

  const jump = useCallback(({ x, y, k }: Transform) => {
    if (svg.current) behaviour.current?.transform(select(svg.current), zoomIdentity.translate(x, y).scale(k));
  }, []);
  const get = useCallback((): Transform => (svg.current ? zoomTransform(svg.current) : zoomIdentity), []);

  const moveTo = useCallback(
    (to: Transform, instantly = false) => {
      cancelAnimationFrame(frame.current);
      if (instantly || matchMedia("(prefers-reduced-motion: reduce)").matches) {
        jump(to);
        return;
      }
      const from = get();
      const began = performance.now();
      const step = (now: number): void => {
        const t = Math.min(1, (now - began) / GLIDE_MS);
        const eased = 1 - (1 - t) ** 3;
        const mix = (a: number, b: number): number => a + (b - a) * eased;
        jump({ x: mix(from.x, to.x), y: mix(from.y, to.y), k: mix(from.k, to.k) });
        if (t < 1) frame.current = requestAnimationFrame(step);
      };
      frame.current = requestAnimationFrame(step);
    },
    [get, jump],
  );

  const zoomBy = useCallback(
    (factor: number) => {
      const element = svg.current;
      if (!element) return;
      const { x, y, k } = get();
      const [low, high] = SCALE_RANGE;
      const scale = Math.min(high, Math.max(low, k * factor));
      const [middleX, middleY] = [element.clientWidth / 2, element.clientHeight / 2];
      const to = { k: scale, x: middleX - ((middleX - x) / k) * scale, y: middleY - ((middleY - y) / k) * scale };
      moveTo(to);
      moved.current(to);
    },
    [get, moveTo],
  );
  const camera = useMemo(() => ({ get, moveTo, zoomBy }), [get, moveTo, zoomBy]);
  return { svg, content, camera, showsHint };
}
