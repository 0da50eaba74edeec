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

/** The step `by` places further in reading order: top to bottom, left to right. Ends at the first and last. */
export function neighbourOf(scene: Scene, step: string, by: number): string | null {
  const sorted = scene.cards.toSorted((a, b) => a.box.y - b.box.y || a.box.x - b.box.x);
  const place = sorted.findIndex((card) => card.step.activity === step);
  return sorted[place + by]?.step.activity ?? null;
}
