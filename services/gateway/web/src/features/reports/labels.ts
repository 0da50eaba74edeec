/** Charts with so many series at most are labelled where their series are; the others have a list below. */
export const DIRECT_LABELS_AT_MOST = 4;

/**
 * Middles of labels in a column: each as near as can be to where it wants to be, none over another.
 *
 * Args:
 *   wanted: Wished middles from top to bottom.
 *   height: Of each label.
 *   room: Height of the column, which holds them all.
 */
export function spread(wanted: readonly number[], height: number, room: number): number[] {
  // Labels that would touch stand as one block around the middle of what they want (isotonic regression).
  const blocks: { sum: number; count: number }[] = [];
  wanted.forEach((middle, index) => {
    let block = { sum: middle - index * height, count: 1 };
    for (let above = blocks.at(-1); above && above.sum / above.count > block.sum / block.count; above = blocks.at(-1)) {
      blocks.pop();
      block = { sum: above.sum + block.sum, count: above.count + block.count };
    }
    blocks.push(block);
  });
  const last = room - wanted.length * height;
  const offsets = blocks.flatMap(({ sum, count }) => Array<number>(count).fill(Math.max(0, Math.min(last, sum / count - height / 2))));
  return offsets.map((offset, index) => offset + (index + 0.5) * height);
}

/** Where a series ends, in pixels from the chart's upper left corner. */
export interface End {
  x: number;
  y: number;
}

/** The labels of series from top to bottom: which series, where it ends, and the middle of its label (see `spread`). */
export function placed(ends: readonly End[], height: number, room: number): { index: number; end: End; middle: number }[] {
  // Of two in one place the upper layer of the stack goes first.
  const order = ends.map((end, index) => ({ index, end })).sort((a, b) => a.end.y - b.end.y || b.index - a.index);
  const middles = spread(order.map(({ end }) => end.y), height, room);
  return order.map((one, at) => ({ ...one, middle: middles[at] ?? 0 }));
}

/** Corners of the line from the end of a series to its label: level until the last `length` pixels before the label. */
export function leaderOf({ x, y }: End, middle: number, labelLeft: number, length: number): [number, number][] {
  return [
    [x + 2, y],
    [Math.max(x + 2, labelLeft - length + 6), y],
    [labelLeft - 4, middle],
  ];
}
