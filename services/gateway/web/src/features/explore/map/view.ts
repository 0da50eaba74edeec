import type { Rect } from "../draw/geometry";
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

/**
 * Everything in sight, but never smaller than `leastScale`: then the top of the drawing with the spine (x = 0) in the
 * middle, or as much of the width as fits.
 */
export function fitted(bounds: Rect, size: Size, insets: Insets, leastScale: number): Transform {
  const room = { width: size.width - insets.left - insets.right, height: size.height - insets.top - insets.bottom };
  const [width, height] = [bounds.right - bounds.left, bounds.bottom - bounds.top];
  const whole = Math.min(room.width / Math.max(1, width), room.height / Math.max(1, height), FIT_SCALE_MOST);
  const k = Math.max(whole, leastScale);
  const fitsAcross = width * k <= room.width + 1;
  const middle = fitsAcross ? (bounds.left + bounds.right) / 2 : spineInSight(bounds, room.width / k);
  const isWhole = height * k <= room.height + 1;
  return {
    k,
    x: insets.left + room.width / 2 - middle * k,
    y: isWhole ? insets.top + (room.height - height * k) / 2 - bounds.top * k : insets.top - bounds.top * k,
  };
}

/** Middle of the part shown when not all fits across: as near to the middle of all as keeps the spine well inside. */
function spineInSight(bounds: Rect, shown: number): number {
  const reach = shown * 0.22;
  return Math.min(Math.max((bounds.left + bounds.right) / 2, -reach), reach);
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

/** True when no part of the rectangle is in sight. */
export function isOutside({ x, y, k }: Transform, rect: Rect, size: Size): boolean {
  return rect.right * k + x < 0 || rect.left * k + x > size.width || rect.bottom * k + y < 0 || rect.top * k + y > size.height;
}
