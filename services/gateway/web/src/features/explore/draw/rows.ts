import { LOOP_ROOM, bottomOf, leftOf, rightOf, topOf, type Box } from "./geometry";

/** Where vertical lines may run beside the cards of a row. */
interface Gap {
  from: number;
  to: number;
}

/** A vertical line taken by a path. */
interface Lane {
  x: number;
  halfWidth: number;
}

/** Cards of one height, with the lines that pass between them and the curves that follow below. */
export interface Row {
  top: number;
  bottom: number;
  boxes: Box[];
  /** One left of each card and one right of the last. */
  gaps: Gap[];
  lanes: Lane[];
  /** Curves in the channel below the row: x at its top and at its bottom. */
  curves: { above: number; below: number; weight: number }[];
}

/** Between a line and what stands beside a card. */
export const CARD_CLEARANCE = 9;
const LANE_CLEARANCE = 6;
const ROUNDING = 0.01;

/** Boxes grouped by their height, top to bottom, left to right. */
export function rowsOf(boxes: readonly Box[]): Row[] {
  const byHeight = new Map<number, Box[]>();
  for (const box of boxes) {
    const y = Math.round(box.y);
    byHeight.set(y, [...(byHeight.get(y) ?? []), box]);
  }
  return [...byHeight.entries()]
    .sort((a, b) => a[0] - b[0])
    .map(([, members]) => {
      const sorted = [...members].sort((a, b) => a.x - b.x);
      return {
        top: Math.min(...sorted.map(topOf)),
        bottom: Math.max(...sorted.map(bottomOf)),
        boxes: sorted,
        gaps: gapsBetween(sorted),
        lanes: [],
        curves: [],
      };
    });
}

function gapsBetween(boxes: readonly Box[]): Gap[] {
  const gaps: Gap[] = [];
  let [from, edge] = [-Infinity, -Infinity];
  for (const box of boxes) {
    const to = leftOf(box) - box.roomLeft - CARD_CLEARANCE;
    const middle = (edge + leftOf(box)) / 2;
    // Where large numbers beside two cards leave no room, one line between the cards is left.
    gaps.push(to >= from ? { from, to } : { from: middle, to: middle });
    edge = rightOf(box);
    from = rightOf(box) + box.roomRight + CARD_CLEARANCE;
  }
  return [...gaps, { from, to: Infinity }];
}

/** Takes a line for a path; lanes stay sorted by x. */
export function takeLane(row: Row, lane: Lane): void {
  const at = row.lanes.findIndex((other) => other.x > lane.x);
  row.lanes.splice(at === -1 ? row.lanes.length : at, 0, lane);
}

/** The free line of a gap nearest to `x`, or null when the gap is full. */
function nearestFree({ lanes }: Row, gap: Gap, x: number, halfWidth: number): number | null {
  const wanted = Math.min(Math.max(x, gap.from), gap.to);
  let [left, right] = [wanted, wanted];
  const distance = (lane: Lane): number => lane.halfWidth + halfWidth + LANE_CLEARANCE;
  for (const lane of lanes) if (Math.abs(lane.x - right) < distance(lane) - ROUNDING) right = lane.x + distance(lane);
  for (let i = lanes.length - 1; i >= 0; i -= 1) {
    const lane = lanes[i] as Lane;
    if (Math.abs(lane.x - left) < distance(lane) - ROUNDING) left = lane.x - distance(lane);
  }
  const [fitsLeft, fitsRight] = [left >= gap.from, right <= gap.to];
  if (fitsLeft && fitsRight) return wanted - left < right - wanted ? left : right;
  return fitsLeft ? left : fitsRight ? right : null;
}

/** Free lines of all gaps of a row near the wanted places. */
export function linesThrough(row: Row, wanted: readonly number[], halfWidth: number): number[] {
  const lines = new Set<number>();
  for (const gap of row.gaps) {
    const places = [...wanted, gap.from, gap.to].filter(Number.isFinite);
    for (const place of places) {
      const line = nearestFree(row, gap, place, halfWidth);
      if (line !== null) lines.add(line);
    }
  }
  return [...lines];
}

/** Free lines directly left and right of a box, without another card in between. */
export function linesBeside(row: Row, box: Box, halfWidth: number): number[] {
  const at = row.boxes.indexOf(box);
  const [before, after] = [row.gaps[at] as Gap, row.gaps[at + 1] as Gap];
  const places = [
    { gap: before, x: before.to },
    { gap: after, x: after.from },
    // Beside the loop too where there is none, so that a path along several cards stays straight.
    { gap: after, x: rightOf(box) + LOOP_ROOM + CARD_CLEARANCE },
  ];
  // Where a gap is full, lines share a place: every card keeps its ways out.
  return places.map(({ gap, x }) => nearestFree(row, gap, x, halfWidth) ?? Math.min(Math.max(x, gap.from), gap.to));
}

/** How much crossing the curves of the channel below a row would weigh. */
export function crossings(row: Row, above: number, below: number): number {
  let weight = 0;
  for (const curve of row.curves) if ((curve.above - above) * (curve.below - below) < 0) weight += curve.weight;
  return weight;
}
