import type { Direction, Point, Rect } from "../draw/geometry";
import type { ViewRect } from "../state";

export interface Size {
  width: number;
  height: number;
}

/** Room kept free around the drawing, px on the screen. */
export interface Insets {
  top: number;
  right: number;
  bottom: number;
  left: number;
}

/** Moves the drawing by x, y after scaling it by k: an SVG `translate(x,y) scale(k)`. */
export interface Transform {
  x: number;
  y: number;
  k: number;
}

export const SCALE_RANGE = [0.15, 3] as const;
const FIT_SCALE_MOST = 1.1;
const EDGE_PX = 4;

/**
 * Everything in sight, but never smaller than `leastScale`: then the beginning of the journeys, and the spine (0 across
 * time) in the middle, or as far beside it as the map leaves room empty on one side. Its cards stand wholly inside.
 */
export function fitted(bounds: Rect, size: Size, insets: Insets, leastScale: number, direction: Direction): Transform {
  const room = { width: size.width - insets.left - insets.right, height: size.height - insets.top - insets.bottom };
  const [width, height] = [bounds.right - bounds.left, bounds.bottom - bounds.top];
  const whole = Math.min(room.width / Math.max(1, width), room.height / Math.max(1, height), FIT_SCALE_MOST);
  const k = Math.max(whole, leastScale);
  const shift = (low: number, high: number, from: number, space: number, isAlongTime: boolean): number => {
    if ((high - low) * k <= space + 1) return from + (space - (high - low) * k) / 2 - low * k;
    const over = (high - low) * k - space;
    // A little too long: it moves into the margin before it, rather than under what floats at its end.
    if (isAlongTime) return from - low * k - (over <= from - EDGE_PX ? over : 0);
    return Math.min(from - low * k, Math.max(from + space / 2, from + space - high * k));
  };
  return {
    k,
    x: shift(bounds.left, bounds.right, insets.left, room.width, direction === "right"),
    y: shift(bounds.top, bounds.bottom, insets.top, room.height, direction === "down"),
  };
}

export function transformOf(view: ViewRect, size: Size): Transform {
  return { k: view.scale, x: size.width / 2 - view.x * view.scale, y: size.height / 2 - view.y * view.scale };
}

export function viewOf({ x, y, k }: Transform, size: Size): ViewRect {
  return { x: (size.width / 2 - x) / k, y: (size.height / 2 - y) / k, scale: k };
}

/** The same scale, moved as little as brings the rectangle (of the drawing) inside the insets. */
export function revealed(transform: Transform, rect: Rect, size: Size, insets: Insets): Transform {
  const { x, y, k } = transform;
  const shift = (low: number, high: number, from: number, to: number): number =>
    low < from ? from - low : high > to ? Math.max(to - high, from - low) : 0;
  return {
    k,
    x: x + shift(rect.left * k + x, rect.right * k + x, insets.left, size.width - insets.right),
    y: y + shift(rect.top * k + y, rect.bottom * k + y, insets.top, size.height - insets.bottom),
  };
}

/** True when the rectangle lies wholly inside the insets. */
export function isInside({ x, y, k }: Transform, rect: Rect, size: Size, insets: Insets): boolean {
  return (
    rect.left * k + x >= insets.left &&
    rect.right * k + x <= size.width - insets.right &&
    rect.top * k + y >= insets.top &&
    rect.bottom * k + y <= size.height - insets.bottom
  );
}

/** True when the point lies inside the insets. */
export function isInSight(transform: Transform, { x, y }: Point, size: Size, insets: Insets): boolean {
  return isInside(transform, { left: x, right: x, top: y, bottom: y }, size, insets);
}
