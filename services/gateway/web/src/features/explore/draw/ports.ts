import type { Box, Span } from "./geometry";

/** One end of a path at the top or bottom of a card: where it comes from, and where on the card it is joined. */
export interface Port {
  key: string;
  /** x of the next point of the path. */
  toward: number;
  isMain: boolean;
}

/** One end of a path at the left or right side of a card. */
export interface SidePort {
  key: string;
  /** Distance of the line beside the card; 0 when the path runs straight to the next card. */
  reach: number;
  leaves: boolean;
}

const PORT_STEP = 16;
const FAR_RATIO = 0.62;
const SIDE_STEP = 8;

/**
 * x of each port along a span of the top or bottom of a card: ordered by where the paths go, as near to there as the card allows.
 * A path of the main way is joined at the middle.
 */
export function spreadPorts(box: Box, ports: readonly Port[], [low, high]: Span): Map<string, number> {
  const sorted = [...ports].sort((a, b) => a.toward - b.toward);
  const step = Math.min(PORT_STEP, (high - low) / Math.max(1, sorted.length));
  const offsets = sorted.map((port) => {
    if (port.isMain) return 0;
    const wanted = port.toward - box.x;
    if (wanted >= low && wanted <= high) return wanted;
    return wanted < low ? low * FAR_RATIO : high * FAR_RATIO;
  });
  const main = sorted.findIndex((port) => port.isMain);
  const at = (index: number): number => offsets[index] as number;
  if (main >= 0) {
    for (let i = main + 1; i < sorted.length; i += 1) offsets[i] = Math.max(at(i), at(i - 1) + step);
    for (let i = main - 1; i >= 0; i -= 1) offsets[i] = Math.min(at(i), at(i + 1) - step);
  } else {
    for (let i = 1; i < sorted.length; i += 1) offsets[i] = Math.max(at(i), at(i - 1) + step);
    const excess = Math.max(0, at(sorted.length - 1) - high);
    for (let i = 0; i < sorted.length; i += 1) offsets[i] = at(i) - excess;
  }
  const [first, last] = [Math.min(...offsets, low), Math.max(...offsets, high)];
  // More paths than the card is wide for: they share the width.
  const shrink = (offset: number): number => (offset < 0 ? (offset * low) / first : offset > 0 ? (offset * high) / last : 0);
  return new Map(sorted.map((port, index) => [port.key, box.x + shrink(at(index))]));
}

/**
 * y of each port along a span of a side: leaving paths above entering ones, the nearest line highest among the leaving and lowest
 * among the entering, so that paths of one card never cross beside it.
 */
export function spreadSidePorts(box: Box, ports: readonly SidePort[], [low, high]: Span): Map<string, number> {
  const rank = (port: SidePort): number => (port.reach === 0 ? 0 : port.leaves ? -1e6 + port.reach : 1e6 - port.reach);
  const sorted = [...ports].sort((a, b) => rank(a) - rank(b));
  const step = Math.min(SIDE_STEP, (high - low) / Math.max(1, sorted.length - 1));
  const middle = box.y + (low + high) / 2;
  return new Map(sorted.map((port, index) => [port.key, middle + (index - (sorted.length - 1) / 2) * step]));
}
