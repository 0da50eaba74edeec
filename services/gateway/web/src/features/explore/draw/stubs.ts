import { backbone } from "../model/backbone";
import { END, START, journeysOf, pathKey, type Graph } from "../model/graph";
import { CARD_HEIGHT, CARD_WIDTH, type Direction, type Rect, type Span } from "./geometry";

/** Journeys that start or end at a step: a mark and a number left of its card, or below it when time runs to the right. */
export interface Stub {
  kind: "start" | "end";
  count: number;
  /** Where its line leaves the card, px from the corner of the card on the screen; `y` of the mark and the number. */
  x: number;
  y: number;
}

/** The stubs of a card and what they leave free. */
export interface Stubs {
  shown: Stub[];
  /** Room that they take beside the card, px; 0 without any. */
  room: number;
  /** Where paths may join the side at which they stand. */
  joins: Span;
}

const SHOWN_RATIO = 0.03;
/** Numbers on the map at 11.5 px: digits are equally wide. */
const DIGIT_WIDTH = 7.46;
const SEPARATOR_WIDTH = 3.1;
/** From the line of a stub to its number. */
const MARK_ROOM = { down: 20, right: 8 } as const;
const ROWS = { start: 15, end: 38 } as const;
const BELOW = { first: 14.6, height: 24, line: 14, startX: 14, endX: 96 } as const;
/** A path between two numbers, with air on both sides. */
const PATH_ROOM = 30;
const AIR = 5;
const JOIN_REACH = 10;
/** Of a mark left of its line. */
const MARK_REACH = 3;

/** Width of a number as the map writes it, px, whatever its language. */
export function numberWidth(count: number): number {
  const digits = String(count).length;
  return digits * DIGIT_WIDTH + Math.floor((digits - 1) / 3) * SEPARATOR_WIDTH;
}

/**
 * The stubs of every step: of starts and ends of many journeys, and of those that alone hold a step to Start or End.
 * What the main way draws as a line to its pill has none.
 */
export function stubsOf(graph: Graph, mainSteps: readonly string[], hasEnd: boolean, direction: Direction): Map<string, Stubs> {
  const least = SHOWN_RATIO * journeysOf(graph);
  const kept = backbone(graph, mainSteps);
  return new Map(
    graph.nodes.map(({ activity, starts, ends }) => {
      const start = (starts >= least || kept.has(pathKey(START, activity))) && activity !== mainSteps[0] ? starts : null;
      const end = (ends >= least || kept.has(pathKey(activity, END))) && !(hasEnd && activity === mainSteps.at(-1)) ? ends : null;
      return [activity, direction === "down" ? stubsLeft(start, end) : stubsBelow(start, end)];
    }),
  );
}

function stubsLeft(start: number | null, end: number | null): Stubs {
  const shown: Stub[] = [];
  if (start !== null) shown.push({ kind: "start", count: start, x: 0, y: ROWS.start });
  if (end !== null) shown.push({ kind: "end", count: end, x: 0, y: ROWS.end });
  const widths = shown.map(({ count }) => MARK_ROOM.down + numberWidth(count));
  return { shown, room: Math.max(0, ...widths), joins: shown.length > 0 ? [-3, 4] : [-14, 14] };
}

/** Side by side with a path between them; where the numbers are too wide for that, one below the other with paths right of both. */
function stubsBelow(start: number | null, end: number | null): Stubs {
  if (start === null && end === null) return { shown: [], room: 0, joins: [-62, 62] };
  const y = CARD_HEIGHT + BELOW.first;
  const rightOfStart = (count: number): number => BELOW.startX + MARK_ROOM.right + numberWidth(count);
  let low = start === null ? 0 : rightOfStart(start);
  let endX = end === null ? CARD_WIDTH : Math.min(BELOW.endX, CARD_WIDTH - MARK_ROOM.right - numberWidth(end));
  const isStacked = end !== null && start !== null && endX - MARK_REACH - low < PATH_ROOM;
  if (isStacked) [endX, low] = [BELOW.startX, Math.max(low, rightOfStart(end))];
  const shown: Stub[] = [];
  if (start !== null) shown.push({ kind: "start", count: start, x: BELOW.startX, y });
  if (end !== null) shown.push({ kind: "end", count: end, x: endX, y: y + (isStacked ? BELOW.line : 0) });
  const afterStart = Math.max(-JOIN_REACH, low + AIR - CARD_WIDTH / 2);
  const beforeEnd = Math.min(JOIN_REACH, endX - MARK_REACH - AIR - CARD_WIDTH / 2);
  const isLeft = start !== null && (end === null || isStacked);
  const joins: Span = isLeft ? [afterStart, afterStart + 2 * JOIN_REACH] : [start === null ? beforeEnd - 2 * JOIN_REACH : afterStart, beforeEnd];
  return { shown, room: BELOW.height + (isStacked ? BELOW.line : 0), joins };
}

/** The number of a stub, from the corner of its card on the screen. */
export function numberRect({ count, x, y }: Stub, direction: Direction): Rect {
  const width = numberWidth(count);
  const left = direction === "down" ? x - 18 - width : x + MARK_ROOM.right;
  return { left, right: left + width, top: y - 5, bottom: y + 4 };
}
