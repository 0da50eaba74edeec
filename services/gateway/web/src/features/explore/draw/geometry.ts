/**
 * Shapes of the drawing, px. Placing and routing know one picture only: time runs down along y, x is across. A map from
 * left to right is that picture turned by a quarter, `onScreen`: what is right of a card there stands above it on the screen.
 */

/** Where time runs on the screen. */
export type Direction = "down" | "right";

export interface Point {
  x: number;
  y: number;
}

/** A card or pill by its centre. */
export interface Place extends Point {
  id: string;
  width: number;
  height: number;
}

/** Part of a side, px from the middle of the side. */
export type Span = readonly [from: number, to: number];

/** A card or pill while time runs down, with the room its stubs and loop need, and where paths may join each side. */
export interface Box extends Place {
  roomLeft: number;
  roomRight: number;
  joins: { top: Span; bottom: Span; left: Span; right: Span };
}

export interface Rect {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

export const CARD_WIDTH = 156;
export const CARD_HEIGHT = 52;
const PILL_WIDTH = 64;
const PILL_HEIGHT = 28;
/** Room beside a card for the loop of its repeats. */
export const LOOP_ROOM = 20;
/** Where the loop leaves and enters the side of a card, px before its end, when time runs to the right. */
export const LOOP_FEET = [64, 18] as const;
const LOOP_CLEARANCE = 8;

/** The point of the screen for a point of the picture in which time runs down. */
export const onScreen = ({ x, y }: Point, direction: Direction): Point => (direction === "down" ? { x, y } : { x: y, y: -x });

/** The point of the picture in which time runs down for one of the screen. */
export const fromScreen = ({ x, y }: Point, direction: Direction): Point => (direction === "down" ? { x, y } : { x: -y, y: x });

/** Size of a card or pill across time and along it. */
function sizeOf(width: number, height: number, direction: Direction): { width: number; height: number } {
  return direction === "down" ? { width, height } : { width: height, height: width };
}

export const cardSize = (direction: Direction) => sizeOf(CARD_WIDTH, CARD_HEIGHT, direction);
export const pillSize = (direction: Direction) => sizeOf(PILL_WIDTH, PILL_HEIGHT, direction);

/**
 * A card. The loop stands at its upper right corner on the screen; stubs stand left of it, or below when time runs right.
 *
 * Args:
 *   stubs: the room they take, 0 without any, and where paths join the side at which they stand.
 */
export function cardBox(id: string, at: Point, direction: Direction, { stubs, hasLoop }: { stubs: { room: number; joins: Span }; hasLoop: boolean }): Box {
  const size = cardSize(direction);
  const joins: Box["joins"] =
    direction === "down"
      ? { top: [-58, hasLoop ? 44 : 58], bottom: [-58, 58], left: stubs.joins, right: [hasLoop ? -4 : -14, 18] }
      : {
          ...{ top: [-16, 16], bottom: [-16, 16], left: stubs.joins },
          right: [-62, hasLoop ? size.height / 2 - LOOP_FEET[0] - LOOP_CLEARANCE : 62],
        };
  return { id, ...at, ...size, roomLeft: stubs.room, roomRight: hasLoop ? LOOP_ROOM : 0, joins };
}

/** Start or End. */
export function pillBox(id: string, at: Point, direction: Direction): Box {
  const middle: Span = [-8, 8];
  const joins = { top: middle, bottom: middle, left: middle, right: middle };
  return { id, ...at, ...pillSize(direction), roomLeft: 0, roomRight: 0, joins };
}

/** The box as it stands on the screen. */
export function placeOnScreen({ id, x, y, width, height }: Box, direction: Direction): Place {
  return { id, ...onScreen({ x, y }, direction), ...sizeOf(width, height, direction) };
}

export const leftOf = (box: Place): number => box.x - box.width / 2;
export const rightOf = (box: Place): number => box.x + box.width / 2;
export const topOf = (box: Place): number => box.y - box.height / 2;
export const bottomOf = (box: Place): number => box.y + box.height / 2;

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

/** The rectangle of the screen for one of the picture in which time runs down. */
export function rectOnScreen({ left, top, right, bottom }: Rect, direction: Direction): Rect {
  return around([onScreen({ x: left, y: top }, direction), onScreen({ x: right, y: bottom }, direction)]);
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

/** A path on the screen. */
export interface Drawn {
  d: string;
  /** Points along the line, about every 6 px, without the arrowhead. */
  points: Point[];
  tip: Point;
  /** Direction of the arrowhead, degrees, 0 = to the right. */
  angle: number;
}

/** Between points along a line, at which labels may stand. */
export const SAMPLE_PX = 6;

/** Draws a line piece by piece: told where it runs while time runs down, it writes where it runs on the screen. */
export class Pen {
  private d: string;
  private at: Point;
  private readonly points: Point[];

  constructor(
    start: Point,
    private readonly direction: Direction,
  ) {
    this.at = start;
    this.points = [onScreen(start, direction)];
    this.d = `M${this.format(start)}`;
  }

  lineTo(to: Point): void {
    const from = this.at;
    const length = Math.hypot(to.x - from.x, to.y - from.y);
    if (length < 0.1) return;
    this.d += `L${this.format(to)}`;
    this.sample(length, (t) => ({ x: from.x + (to.x - from.x) * t, y: from.y + (to.y - from.y) * t }));
    this.at = to;
  }

  curveTo(first: Point, second: Point, to: Point): void {
    const from = this.at;
    this.d += `C${this.format(first)} ${this.format(second)} ${this.format(to)}`;
    this.sample(Math.hypot(to.x - from.x, to.y - from.y) * 1.2, (t) => {
      const s = 1 - t;
      const [a, b, c, d] = [s * s * s, 3 * s * s * t, 3 * s * t * t, t * t * t];
      return {
        x: a * from.x + b * first.x + c * second.x + d * to.x,
        y: a * from.y + b * first.y + c * second.y + d * to.y,
      };
    });
    this.at = to;
  }

  /** The path, with its arrowhead at `tip`; `angle` in degrees, 0 = to the right. */
  end(tip: Point, angle: number): Drawn {
    const turned = this.direction === "down" ? angle : angle - 90;
    return { d: this.d, points: this.points, tip: onScreen(tip, this.direction), angle: turned };
  }

  private format(point: Point): string {
    return format(onScreen(point, this.direction));
  }

  private sample(length: number, at: (t: number) => Point): void {
    const count = Math.max(1, Math.ceil(length / SAMPLE_PX));
    for (let i = 1; i <= count; i += 1) this.points.push(onScreen(at(i / count), this.direction));
  }
}

export const format = (point: Point): string => `${round(point.x)},${round(point.y)}`;

const round = (value: number): number => Math.round(value * 10) / 10;
