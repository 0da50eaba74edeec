import type { Graph } from "./graph";

const ENOUGH_EVENTS_RATIO = 0.9;
const DESKTOP_STEPS = [11, 13] as const;
const PHONE_STEPS = 10;

/** Steps in the order the slider reveals them: the main way first, so that the story never breaks, then most frequent. */
export function revealOrder(full: Graph, mainSteps: readonly string[]): string[] {
  const main = new Set(mainSteps);
  return [...mainSteps, ...full.nodes.map((step) => step.activity).filter((activity) => !main.has(activity))];
}

/** Part of the events of the scope that the steps cover. */
export function eventsRatio(full: Graph, steps: Iterable<string>): number {
  const shown = new Set(steps);
  const covered = full.nodes.reduce((sum, step) => (shown.has(step.activity) ? sum + step.count : sum), 0);
  return full.events === 0 ? 0 : covered / full.events;
}

/** Steps of the first picture: 11 to 13, fewer when they already hold 90 % of the events; 10 on a phone. */
export function defaultStepCount(full: Graph, order: readonly string[], mainCount: number, isPhone: boolean): number {
  const [fewest, most] = isPhone ? [PHONE_STEPS, PHONE_STEPS] : DESKTOP_STEPS;
  let count: number = fewest;
  while (count < most && eventsRatio(full, order.slice(0, count)) < ENOUGH_EVENTS_RATIO) count += 1;
  return clampStepCount(count, order.length, mainCount);
}

/** A step count the slider can show: at least the main way, at most all steps. */
export function clampStepCount(count: number, stepsCount: number, mainCount: number): number {
  return Math.min(stepsCount, Math.max(count, mainCount, 1));
}
