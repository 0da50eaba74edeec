/** Shapes of the drawing, in its own px: x to the right, y down. */

export interface Point {
  x: number;
  y: number;
}

/** A card or pill by its centre, with the room its stubs and loop need on each side. */
export interface Box {
  id: string;
  x: number;
  y: number;
  width: number;
  height: number;
  roomLeft: number;
  roomRight: number;
}

export interface Rect {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

export const CARD_WIDTH = 156;
export const CARD_HEIGHT = 52;
export const PILL_WIDTH = 64;
export const PILL_HEIGHT = 28;
/** Room left of a card for "▸ 418" and "■ 259". */
export const STUB_ROOM = 46;
/** Room right of a card for the loop of its repeats. */
export const LOOP_ROOM = 20;

export const leftOf = (box: Box): number => box.x - box.width / 2;
export const rightOf = (box: Box): number => box.x + box.width / 2;
export const topOf = (box: Box): number => box.y - box.height / 2;
export const bottomOf = (box: Box): number => box.y + box.height / 2;

export function overlaps(a: Rect, b: Rect): boolean {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}

export function rectAround(center: Point, width: number, height: number): Rect {
  return {
    left: center.x - width / 2,
    right: center.x + width / 2,
    top: center.y - height / 2,
    bottom: center.y + height / 2,
  };
}

/** Smallest rectangle around at least one point. */
export function around(points: readonly Point[]): Rect {
  const rect = { left: Infinity, top: Infinity, right: -Infinity, bottom: -Infinity };
  for (const { x, y } of points) {
    if (x < rect.left) rect.left = x;
    if (x > rect.right) rect.right = x;
    if (y < rect.top) rect.top = y;
    if (y > rect.bottom) rect.bottom = y;
  }
  return rect;
}

/** Smallest rectangle around all of them; a zero one without any. */
export function boundsOf(rects: readonly Rect[]): Rect {
  if (rects.length === 0) return { left: 0, top: 0, right: 0, bottom: 0 };
  return {
    left: Math.min(...rects.map((rect) => rect.left)),
    top: Math.min(...rects.map((rect) => rect.top)),
    right: Math.max(...rects.map((rect) => rect.right)),
    bottom: Math.max(...rects.map((rect) => rect.bottom)),
  };
}

const SAMPLE_PX = 6;

/** A line drawn piece by piece: the SVG path and points along it, about every 6 px. */
export class Pen {
  d: string;
  points: Point[];

  constructor(start: Point) {
    this.d = `M${format(start)}`;
    this.points = [start];
  }

  private get at(): Point {
    return this.points.at(-1) as Point;
  }

  lineTo(to: Point): void {
    const from = this.at;
    if (Math.hypot(to.x - from.x, to.y - from.y) < 0.1) return;
    this.d += `L${format(to)}`;
    this.sample(Math.hypot(to.x - from.x, to.y - from.y), (t) => ({
      x: from.x + (to.x - from.x) * t,
      y: from.y + (to.y - from.y) * t,
    }));
  }

  curveTo(first: Point, second: Point, to: Point): void {
    const from = this.at;
    this.d += `C${format(first)} ${format(second)} ${format(to)}`;
    this.sample(Math.hypot(to.x - from.x, to.y - from.y) * 1.2, (t) => {
      const s = 1 - t;
      const [a, b, c, d] = [s * s * s, 3 * s * s * t, 3 * s * t * t, t * t * t];
      return {
        x: a * from.x + b * first.x + c * second.x + d * to.x,
        y: a * from.y + b * first.y + c * second.y + d * to.y,
      };
    });
  }

  private sample(length: number, at: (t: number) => Point): void {
    const count = Math.max(1, Math.ceil(length / SAMPLE_PX));
    for (let i = 1; i <= count; i += 1) this.points.push(at(i / count));
  }
}

export const format = (point: Point): string => `${round(point.x)},${round(point.y)}`;

const round = (value: number): number => Math.round(value * 10) / 10;
