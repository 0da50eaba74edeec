import type { DailyReport } from "@/api/types";

/** The median, between the two in the middle where there are two; 0 of nothing. */
export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const [low, high] = [sorted[Math.floor((sorted.length - 1) / 2)], sorted[Math.floor(sorted.length / 2)]];
  return ((low ?? 0) + (high ?? 0)) / 2;
}

/** Touchpoints of a value on a day; a value may be called like something every object has. */
export function touchpointsOf(day: DailyReport["days"][number], value: string): number {
  return Object.hasOwn(day.by, value) ? (day.by[value] ?? 0) : 0;
}
