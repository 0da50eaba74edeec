import type { Home } from "@/api/types";
import { addDays } from "@/shared/period";

/** One calendar day; null = no data that day. */
export interface HomeDay {
  date: string;
  customers: number | null;
  touchpoints: number | null;
}

/** Every day from the first to the last. The answer fills days without events with zeros: those have no data. */
export function daysOf(days: Home["days"]): HomeDay[] {
  const first = days[0];
  const last = days.at(-1);
  if (!first || !last) return [];
  const known = new Map(days.filter((day) => day.touchpoints > 0).map((day) => [day.date, day]));
  const row: HomeDay[] = [];
  for (let date = first.date; date <= last.date; date = addDays(date, 1)) row.push(known.get(date) ?? { date, customers: null, touchpoints: null });
  return row;
}
