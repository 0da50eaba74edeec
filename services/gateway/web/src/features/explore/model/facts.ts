import { isRepeat, journeysOf, type Graph, type Path, type Step } from "./graph";

/** What is worth a look in a scope, computed on all of its steps. */
export interface Facts {
  goal: { step: string; journeys: number; ratio: number } | null;
  longestWait: Path | null;
  mostRepeated: { step: Step; times: number } | null;
}

const SUPPORT_RATIO = 0.03;
const SUPPORT_LEAST = 20;
const REPEATED_TIMES = 1.2;

export function factsOf(full: Graph, goal: string | null): Facts {
  const journeys = journeysOf(full);
  const support = Math.max(SUPPORT_LEAST, SUPPORT_RATIO * journeys);
  const goalStep = full.nodes.find((step) => step.activity === goal);
  let longestWait: Path | null = null;
  for (const path of full.edges) {
    if (isRepeat(path) || path.count < support) continue;
    if (path.median_seconds > (longestWait?.median_seconds ?? 0)) longestWait = path;
  }
  let mostRepeated: Facts["mostRepeated"] = null;
  for (const step of full.nodes) {
    const times = step.count / step.cases;
    if (step.cases >= support && times > (mostRepeated?.times ?? REPEATED_TIMES)) mostRepeated = { step, times };
  }
  return {
    goal: goal === null || journeys === 0 ? null : { step: goal, journeys: goalStep?.cases ?? 0, ratio: (goalStep?.cases ?? 0) / journeys },
    longestWait,
    mostRepeated,
  };
}
