import type { DailyReport } from "@/api/types";
import { median, touchpointsOf } from "@/shared/counts";

/** Values with a colour of their own; the rest are shown together. */
export const NAMED_VALUES = 6;

export type Day = DailyReport["days"][number];

/** One layer of a stacked chart. */
export interface Layer {
  kind: "value" | "other" | "not_set";
  /** The value itself; empty for the other kinds. */
  value: string;
  /** How many values this layer holds. */
  values: number;
  /** Touchpoints per day, in the order of the report's days. */
  perDay: number[];
  total: number;
}

/**
 * Splits a report into at most eight layers: the most frequent values, all others together, and what is not set.
 * The layers of a day add up to its touchpoints.
 */
export function layersOf(days: readonly Day[]): Layer[] {
  const totals = new Map<string, number>();
  for (const day of days) for (const [value, count] of Object.entries(day.by)) totals.set(value, (totals.get(value) ?? 0) + count);
  const ranked = [...totals].sort(([a, x], [b, y]) => y - x || a.localeCompare(b)).map(([value]) => value);
  // A single value left over gets its own name instead of "1 other value".
  const named = ranked.length === NAMED_VALUES + 1 ? ranked : ranked.slice(0, NAMED_VALUES);
  const rest = ranked.slice(named.length);
  const layers: Layer[] = named.map((value) => layer("value", value, 1, days.map((day) => touchpointsOf(day, value))));
  if (rest.length) layers.push(layer("other", "", rest.length, days.map((day) => rest.reduce((sum, value) => sum + touchpointsOf(day, value), 0))));
  if (days.some((day) => day.not_set > 0)) layers.push(layer("not_set", "", 1, days.map((day) => day.not_set)));
  return layers;
}

function layer(kind: Layer["kind"], value: string, values: number, perDay: number[]): Layer {
  return { kind, value, values, perDay, total: perDay.reduce((sum, count) => sum + count, 0) };
}

/** The day with most of something; null when there is nothing on any day. */
export function busiestDay(days: readonly Day[], of: (day: Day) => number): Day | null {
  let best: Day | null = null;
  for (const day of days) if (of(day) > (best ? of(best) : 0)) best = day;
  return best;
}

/** Median touchpoints of the days that have any; 0 without such days. */
export function usualDay(days: readonly Day[]): number {
  return median(days.map((day) => day.touchpoints).filter((count) => count > 0));
}

export const daysWithoutData = (days: readonly Day[]): number => days.filter((day) => day.touchpoints === 0).length;

/** Neighbouring days that share one bar. */
export interface Bucket {
  /** First and last day, ISO dates. */
  from: string;
  to: string;
  /** Where its days are in the report: from `start` up to, without, `end`. */
  start: number;
  end: number;
}

/** One bucket per day, or per seven days counted back from the last when there are more days than `limit`. */
export function bucketsOf(days: readonly Day[], limit: number): Bucket[] {
  const size = days.length > limit ? 7 : 1;
  const buckets: Bucket[] = [];
  for (let end = days.length; end > 0; end -= size) {
    const start = Math.max(0, end - size);
    buckets.unshift({ from: days[start]?.date ?? "", to: days[end - 1]?.date ?? "", start, end });
  }
  return buckets;
}

/** Average per day of each bucket, in numbers like the days'; null where no day has touchpoints. */
export function averages(days: readonly Day[], perDay: readonly number[], buckets: readonly Bucket[]): (number | null)[] {
  return buckets.map(({ start, end }) => {
    if (!days.slice(start, end).some((day) => day.touchpoints > 0)) return null;
    return perDay.slice(start, end).reduce((sum, count) => sum + count, 0) / (end - start);
  });
}

export interface Change {
  value: string;
  now: number;
  before: number;
}

/** The values whose touchpoints changed most between two reports, by absolute difference; unchanged ones are left out. */
export function biggestChanges(now: readonly Day[], before: readonly Day[], limit: number): Change[] {
  const sums = (days: readonly Day[]) => {
    const totals = new Map<string, number>();
    for (const day of days) for (const [value, count] of Object.entries(day.by)) totals.set(value, (totals.get(value) ?? 0) + count);
    return totals;
  };
  const [after, former] = [sums(now), sums(before)];
  return [...new Set([...after.keys(), ...former.keys()])]
    .map((value) => ({ value, now: after.get(value) ?? 0, before: former.get(value) ?? 0 }))
    .filter((change) => change.now !== change.before)
    .sort((a, b) => Math.abs(b.now - b.before) - Math.abs(a.now - a.before) || a.value.localeCompare(b.value))
    .slice(0, limit);
}

/** RFC 4180 text of rows; a cell that a spreadsheet would run as a formula is made plain text. */
export function csvOf(rows: readonly (readonly (string | number)[])[]): string {
  const cell = (value: string | number) => {
    if (typeof value === "number") return String(value);
    const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return rows.map((row) => row.map(cell).join(",")).join("\r\n") + "\r\n";
}
