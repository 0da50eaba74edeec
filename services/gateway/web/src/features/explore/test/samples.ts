import type { Graph, Path, Step } from "../model/graph";

/** A small pseudo-random generator (mulberry32): the same graphs in every run. */
export function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** The directly-follows graph of journeys given as lists of steps; one second per move. */
export function graphOf(journeys: readonly (readonly string[])[]): Graph {
  const steps = new Map<string, Step>();
  const paths = new Map<string, Path>();
  const ranks = new Map<string, number[]>();
  for (const journey of journeys) {
    const seen = new Set<string>();
    journey.forEach((activity, index) => {
      const step = steps.get(activity) ?? { activity, count: 0, cases: 0, starts: 0, ends: 0, mean_rank: 0, median_next_seconds: null };
      steps.set(activity, step);
      step.count += 1;
      if (!seen.has(activity)) {
        step.cases += 1;
        ranks.set(activity, [...(ranks.get(activity) ?? []), seen.size]);
      }
      seen.add(activity);
      if (index === 0) step.starts += 1;
      const next = journey[index + 1];
      if (next === undefined) {
        step.ends += 1;
        return;
      }
      step.median_next_seconds = 1;
      const key = JSON.stringify([activity, next]);
      const path = paths.get(key) ?? {
        ...{ source: activity, target: next, count: 0, cases: 0, hidden_ratio: 0 },
        ...{ mean_seconds: 1, median_seconds: 1, p90_seconds: 1, p95_seconds: 1 },
      };
      path.count += 1;
      path.cases += 1;
      paths.set(key, path);
    });
  }
  for (const step of steps.values()) {
    const own = ranks.get(step.activity) ?? [];
    step.mean_rank = own.reduce((sum, rank) => sum + rank, 0) / own.length;
  }
  const nodes = [...steps.values()].sort((a, b) => b.count - a.count || a.activity.localeCompare(b.activity));
  const edges = [...paths.values()].sort(
    (a, b) => b.count - a.count || a.source.localeCompare(b.source) || a.target.localeCompare(b.target),
  );
  return {
    events: nodes.reduce((sum, step) => sum + step.count, 0),
    cases: journeys.length,
    cases_without: 0,
    cases_unfiltered: journeys.length,
    variants_total: new Set(journeys.map((journey) => journey.join())).size,
    median_case_seconds: 1,
    nodes,
    edges,
    starts: Object.fromEntries(nodes.filter((step) => step.starts > 0).map((step) => [step.activity, step.starts])),
    ends: Object.fromEntries(nodes.filter((step) => step.ends > 0).map((step) => [step.activity, step.ends])),
    all_activities: nodes.map(({ activity, count }) => ({ activity, count })),
  };
}

/** Random journeys over a few steps, with a drift forward, repeats and ways back. */
export function randomJourneys(seed: number, stepsCount: number, journeysCount: number): string[][] {
  const random = randomOf(seed);
  return Array.from({ length: journeysCount }, () => {
    const journey: string[] = [];
    let at = Math.floor(random() * 3);
    while (at < stepsCount && journey.length < 40) {
      journey.push(`s${at}`);
      at = Math.max(0, at + Math.floor(random() * 5) - 1);
      if (random() < 0.12) break;
    }
    return journey.length > 0 ? journey : ["s0"];
  });
}
