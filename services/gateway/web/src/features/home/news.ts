import type { DailyReport, ReportBy } from "@/api/types";
import { median, touchpointsOf } from "@/shared/counts";
import { addDays, type Period } from "@/shared/period";

/** What can be unusual: how much there was in all, or the part that one value had in it. */
export type NewsKind = "touchpoints" | "customers" | ReportBy;

export interface News {
  kind: NewsKind;
  /** The value of the field; empty for totals. */
  value: string;
  /** Touchpoints or customers of the day. */
  now: number;
  /** Touchpoints of the day that any value has; for totals the same as `now`. */
  total: number;
  /** Median of the days before: a count for totals, a share of 0-1 for values. */
  usual: number;
  /** Distance from the median in robust standard deviations, above `UNUSUAL`. */
  score: number;
}

const WEEKS = 8;
/** Days of the same weekday that must have data before anything counts as usual. */
const DAYS_NEEDED = 4;
const NEWS_AT_MOST = 5;
/** Fewer touchpoints more or less are no news, however rare. */
const LEAST_DIFFERENCE = 10;
/** Cut of the modified z-score: Iglewicz and Hoaglin, How to Detect and Handle Outliers (1993). */
const UNUSUAL = 3.5;
/** Makes the median absolute deviation a standard deviation where the numbers are normal. */
const DEVIATION = 1.4826;

/** The days a look at one day needs: the day and the weeks before it. */
export const newsPeriod = (day: string): Period => ({ from: addDays(day, -7 * WEEKS), to: day });

/**
 * What stands out of a day against the same weekday of the weeks before, the most unusual first, five at most.
 *
 * Args:
 *   reports: One per field, of the days of `newsPeriod`.
 *
 * Returns: null where too few of those days have data to say what is usual.
 */
export function newsOf(day: string, reports: readonly (readonly [ReportBy, Pick<DailyReport, "days">])[]): News[] | null {
  const found: News[] = [];
  for (const [by, { days }] of reports) {
    const today = days.find(({ date }) => date === day);
    const before = Array.from({ length: WEEKS }, (_, week) => addDays(day, -7 * (week + 1)))
      .flatMap((date) => days.find((candidate) => candidate.date === date) ?? [])
      .filter(({ touchpoints }) => touchpoints > 0);
    if (!today || before.length < DAYS_NEEDED) return null;
    if (by === reports[0]?.[0]) {
      for (const kind of ["touchpoints", "customers"] as const) {
        const now = today[kind];
        const { usual, score } = distance(now, before.map((one) => one[kind]), Math.sqrt);
        if (Math.abs(now - usual) >= LEAST_DIFFERENCE) found.push({ kind, value: "", now, total: now, usual, score });
      }
    }
    const total = today.touchpoints - today.not_set;
    if (total === 0) continue;
    for (const value of new Set([...before, today].flatMap((one) => Object.keys(one.by)))) {
      const now = touchpointsOf(today, value);
      const shares = before.flatMap((one) => (one.touchpoints > one.not_set ? touchpointsOf(one, value) / (one.touchpoints - one.not_set) : []));
      // At least as wide as chance alone makes the share of so few touchpoints.
      const { usual, score } = distance(now / total, shares, (share) => Math.sqrt((Math.max(share, 1 / total) * (1 - Math.min(share, 1 - 1 / total))) / total));
      if (Math.abs(now - usual * total) >= LEAST_DIFFERENCE) found.push({ kind: by, value, now, total, usual, score });
    }
  }
  return found
    .filter(({ score }) => score > UNUSUAL)
    .sort((a, b) => b.score - a.score || a.value.localeCompare(b.value))
    .slice(0, NEWS_AT_MOST);
}

/** How far a number lies from the median of others, in robust standard deviations of at least `least(median)` each. */
function distance(now: number, before: number[], least: (usual: number) => number): { usual: number; score: number } {
  const usual = median(before);
  const deviation = DEVIATION * median(before.map((one) => Math.abs(one - usual)));
  return { usual, score: Math.abs(now - usual) / Math.max(deviation, least(usual), Number.EPSILON) };
}
