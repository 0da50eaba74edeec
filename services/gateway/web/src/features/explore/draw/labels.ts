import { overlaps, rectAround, type Point, type Rect } from "./geometry";

export interface LabelWish {
  key: string;
  text: string;
  points: readonly Point[];
  /** The arrowhead of the path. */
  head: Rect;
  /** px. */
  width: number;
}

export type PlacedLabel = Omit<LabelWish, "points" | "head"> & { center: Point };

/** Room beside the text, both sides together. */
export const LABEL_PADDING = 8;
const HEIGHT = 15;
/** Between labels side by side, or two numbers read as one. */
const GAP = 8;
/** Places along a path that are tried, best first, as parts of its length. */
const TRIED = [0.5, 0.4, 0.6, 0.3, 0.7, 0.2, 0.8];
const CELL_PX = 5;
const SHARED = -1;

/**
 * Places labels on their paths, in the given order, where they touch no obstacle, no earlier label and no other path.
 * A label that would cover the arrowhead of its own path everywhere may do so; one that fits nowhere is left out.
 *
 * Args:
 *   lines: points along every drawn path, about every 6 px, by key.
 *   obstacles: cards, stubs and beads.
 */
export function placeLabels(
  wishes: readonly LabelWish[],
  lines: ReadonlyMap<string, readonly Point[]>,
  obstacles: readonly Rect[],
): PlacedLabel[] {
  const cells = ownersOf(lines);
  const owner = new Map([...lines.keys()].map((key, index) => [key, index]));
  const taken = [...obstacles];
  const placed: PlacedLabel[] = [];
  for (const { points, head, ...label } of wishes) {
    const free: Point[] = [];
    for (const part of TRIED) {
      const center = points[Math.round(part * (points.length - 1))];
      if (!center) break;
      const rect = rectAround(center, label.width, HEIGHT);
      if (!taken.some((other) => overlaps(rect, other)) && !isCrossed(rect, cells, owner.get(label.key))) free.push(center);
    }
    const center = free.find((one) => !overlaps(rectAround(one, label.width, HEIGHT), head)) ?? free[0];
    if (!center) continue;
    taken.push(rectAround(center, label.width + 2 * GAP, HEIGHT));
    placed.push({ ...label, center });
  }
  return placed;
}

/** Cell of the drawing, about 5 px wide, as one number. */
const cellAt = (column: number, row: number): number => row * 65_536 + column + 32_768;

/** Which path runs through each cell; `SHARED` where several do. */
function ownersOf(lines: ReadonlyMap<string, readonly Point[]>): Map<number, number> {
  const cells = new Map<number, number>();
  let index = 0;
  for (const points of lines.values()) {
    for (const { x, y } of points) {
      const cell = cellAt(Math.floor(x / CELL_PX), Math.floor(y / CELL_PX));
      const known = cells.get(cell);
      if (known !== index) cells.set(cell, known === undefined ? index : SHARED);
    }
    index += 1;
  }
  return cells;
}

function isCrossed(rect: Rect, cells: ReadonlyMap<number, number>, own: number | undefined): boolean {
  for (let row = Math.floor(rect.top / CELL_PX); row * CELL_PX < rect.bottom; row += 1) {
    for (let column = Math.floor(rect.left / CELL_PX); column * CELL_PX < rect.right; column += 1) {
      const found = cells.get(cellAt(column, row));
      if (found !== undefined && found !== own) return true;
    }
  }
  return false;
}
