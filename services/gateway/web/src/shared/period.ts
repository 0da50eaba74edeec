/** A period of whole days, both included, as ISO dates. */
export interface Period {
  from: string;
  to: string;
}

export const PERIOD_PRESETS = ["last_7", "last_28", "last_90", "this_month", "last_month", "all"] as const;
export type PeriodPreset = (typeof PERIOD_PRESETS)[number];

/** Whether a text is a day that exists, written like 2024-02-29, in the centuries that the API knows. */
export function isDay(text: string): boolean {
  // Browsers read February 31 as a day of March, so the text must come back as it was.
  return text >= "1900" && text < "2300" && dayCount({ from: text, to: text }) === 1 && addDays(text, 0) === text;
}

/** The ISO date of a moment in a time zone. */
export function dayIn(time: string | Date, timeZone: string): string {
  const parts = new Intl.DateTimeFormat("en-CA", { timeZone, year: "numeric", month: "2-digit", day: "2-digit" });
  return parts.format(new Date(time));
}

/** Moves an ISO date by whole days. */
export function addDays(date: string, days: number): string {
  const moved = new Date(`${date}T00:00:00Z`);
  moved.setUTCDate(moved.getUTCDate() + days);
  return moved.toISOString().slice(0, 10);
}

/** Number of days of a period, both ends counted. */
export function dayCount({ from, to }: Period): number {
  return Math.round((Date.parse(`${to}T00:00:00Z`) - Date.parse(`${from}T00:00:00Z`)) / 86_400_000) + 1;
}

/**
 * The days of a preset, counted back from the last day with data (old data would otherwise show nothing).
 * `all` is null: no period at all.
 */
export function presetPeriod(preset: PeriodPreset, lastDay: string): Period | null {
  const monthStart = `${lastDay.slice(0, 8)}01`;
  switch (preset) {
    case "last_7":
      return { from: addDays(lastDay, -6), to: lastDay };
    case "last_28":
      return { from: addDays(lastDay, -27), to: lastDay };
    case "last_90":
      return { from: addDays(lastDay, -89), to: lastDay };
    case "this_month":
      return { from: monthStart, to: addDays(`${addDays(monthStart, 32).slice(0, 8)}01`, -1) };
    case "last_month": {
      const end = addDays(monthStart, -1);
      return { from: `${end.slice(0, 8)}01`, to: end };
    }
    case "all":
      return null;
  }
}

/** Whether all events of a dataset lie on days later than today; otherwise those that do count for no default. */
export function isAllAhead({ events, later_events: later }: { events: number; later_events: number }): boolean {
  return later > 0 && later === events;
}

/** The period of two days of the address; null when it is open at an end, reversed, or no dates at all. */
export function boundedPeriod(from: string | null | undefined, to: string | null | undefined): Period | null {
  // A text that is no date gives NaN days, which are not above zero.
  return from && to && dayCount({ from, to }) > 0 ? { from, to } : null;
}

/** How many days of a period lie between the days of the first and last event; 0 when there are no events. */
export function daysWithin(period: Period, known: Period | null): number {
  if (!known) return 0;
  const from = period.from > known.from ? period.from : known.from;
  const to = period.to < known.to ? period.to : known.to;
  return Math.max(0, dayCount({ from, to }));
}

/** The period of the same length just before. */
export function previousPeriod(period: Period): Period {
  const days = dayCount(period);
  return { from: addDays(period.from, -days), to: addDays(period.to, -days) };
}
