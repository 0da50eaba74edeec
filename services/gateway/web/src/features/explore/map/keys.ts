import type { Direction, Point } from "../draw/geometry";
import type { Scene } from "../draw/scene";

/** The step at the other end of the strongest path out of (or into) a step; null without one. */
export function strongestFrom(scene: Scene, step: string, direction: "out" | "in"): string | null {
  const [here, there] = direction === "out" ? (["source", "target"] as const) : (["target", "source"] as const);
  let best: { count: number; step: string } | null = null;
  for (const shape of scene.paths) {
    if (!shape.path || shape[here] !== step || shape[there] === step) continue;
    if (!best || shape.count > best.count) best = { count: shape.count, step: shape[there] };
  }
  return best?.step ?? null;
}

/** Compares places in reading order: along time first, then across. */
export function byPlace(direction: Direction): (a: Point, b: Point) => number {
  return direction === "down" ? (a, b) => a.y - b.y || a.x - b.x : (a, b) => a.x - b.x || a.y - b.y;
}

/** The step `by` places further in reading order. Ends at the first and last. */
export function neighbourOf(scene: Scene, step: string, by: number, direction: Direction): string | null {
  const compare = byPlace(direction);
  const sorted = scene.cards.toSorted((a, b) => compare(a.box, b.box));
  const place = sorted.findIndex((card) => card.step.activity === step);
  return sorted[place + by]?.step.activity ?? null;
}
