import type { StepCount, StepRule } from "@/api/types";

export const MOST_RULES = 500;
export const LONGEST_PATTERN = 500;
export const LONGEST_NAME = 512;

/** A step as the map will show it. */
export interface NamedStep {
  name: string;
  count: number;
  /** The steps of the file that become it, most frequent first. */
  members: StepCount[];
}

/** What one rule renames. */
export interface RuleHits {
  steps: number;
  events: number;
}

const isWild = (rule: StepRule): boolean => rule.pattern.includes("*");

/** Whether a whole step fits a pattern, in which every "*" stands for any characters: the same test as the server's. */
export function fits(step: string, pattern: string): boolean {
  const [first = "", ...rest] = pattern.split("*");
  const last = rest.pop();
  if (last === undefined) return step === pattern;
  if (step.length < first.length + last.length || !step.startsWith(first) || !step.endsWith(last)) return false;
  const end = step.length - last.length;
  let at = first.length;
  for (const part of rest) {
    const found = step.indexOf(part, at);
    if (found < 0 || found + part.length > end) return false;
    at = found + part.length;
  }
  return true;
}

/** Tells the place of the first rule that fits a step; -1 when none does. */
function finder(rules: readonly StepRule[]): (step: string) => number {
  const wild = rules.flatMap((rule, place) => (isWild(rule) ? [{ ...rule, place }] : []));
  const exact = new Map(rules.map((rule, place) => [rule.pattern, place]));
  return (step) => {
    const known = exact.get(step) ?? rules.length;
    const place = wild.find((rule) => rule.place < known && fits(step, rule.pattern))?.place ?? known;
    return place < rules.length ? place : -1;
  };
}

/** What the rules make of the steps of a file, most frequent first, and what each rule renames. */
export function applyRules(steps: readonly StepCount[], rules: readonly StepRule[]): { named: NamedStep[]; hits: RuleHits[] } {
  const named = new Map<string, NamedStep>();
  const hits = rules.map(() => ({ steps: 0, events: 0 }));
  const placeOf = finder(rules);
  for (const step of steps) {
    const place = placeOf(step.activity);
    const hit = hits[place];
    if (hit) {
      hit.steps += 1;
      hit.events += step.count;
    }
    const name = rules[place]?.name ?? step.activity;
    const known = named.get(name);
    if (known) {
      known.count += step.count;
      known.members.push(step);
    } else named.set(name, { name, count: step.count, members: [step] });
  }
  return { named: [...named.values()].sort((a, b) => b.count - a.count), hits };
}

/** What a pattern would rename if it were added now, and how many fitting steps an earlier rule keeps. */
export function ruleCoverage(steps: readonly StepCount[], rules: readonly StepRule[], pattern: string): RuleHits & { taken: number } {
  const found = { steps: 0, events: 0, taken: 0 };
  const placeOf = finder(rules.filter((rule) => rule.pattern !== pattern));
  for (const step of steps) {
    if (pattern === "" || !fits(step.activity, pattern)) continue;
    if (placeOf(step.activity) >= 0) found.taken += 1;
    else {
      found.steps += 1;
      found.events += step.count;
    }
  }
  return found;
}

/** A rule that fits this step; of one longer than a pattern may be, its beginning. */
const patternOf = (step: string): string => (step.length <= LONGEST_PATTERN ? step : `${step.slice(0, LONGEST_PATTERN - 1)}*`);

/** The rules that give these steps one name; a single step is renamed, several become one. */
export function renamed(rules: readonly StepRule[], chosen: readonly NamedStep[], name: string): StepRule[] {
  const names = new Set(chosen.map((step) => step.name));
  const placeOf = finder(rules);
  const untouched = chosen.flatMap((step) => step.members).filter((member) => placeOf(member.activity) < 0 && member.activity !== name);
  const changed = rules.map((rule) => (names.has(rule.name) ? { ...rule, name } : rule));
  return withoutIdle([...untouched.map((member) => ({ pattern: patternOf(member.activity), name })), ...changed]);
}

/** Adds a pattern behind the others, so that what was renamed by hand stays so; a pattern that is there gets the new name. */
export function withPattern(rules: readonly StepRule[], added: StepRule): StepRule[] {
  if (rules.some((rule) => rule.pattern === added.pattern)) return rules.map((rule) => (rule.pattern === added.pattern ? added : rule));
  return isWild(added) ? [...rules, added] : [added, ...rules];
}

/** Gives one step of the file its own name back. */
export function takenOut(rules: readonly StepRule[], step: string): StepRule[] {
  return withoutIdle([{ pattern: patternOf(step), name: step }, ...rules.filter((rule) => rule.pattern !== patternOf(step))]);
}

/** Leaves out rules that rename a step to itself, unless they keep a later pattern away from it. */
function withoutIdle(rules: StepRule[]): StepRule[] {
  return rules.filter((rule, place) => isWild(rule) || rule.pattern !== rule.name || finder(rules.slice(place + 1))(rule.pattern) >= 0);
}

/** Rules that the list of steps does not show: patterns, and those that fit no step of this file. */
export function rulesToList(rules: readonly StepRule[], hits: readonly RuleHits[]): { rule: StepRule; hits: RuleHits }[] {
  return rules.flatMap((rule, place) => {
    const hit = hits[place] ?? { steps: 0, events: 0 };
    return isWild(rule) || hit.steps === 0 ? [{ rule, hits: hit }] : [];
  });
}

/** A goal goes along when its step is renamed. */
export function goalAfter(goal: string | null, before: readonly NamedStep[], after: readonly NamedStep[]): string | null {
  const member = before.find((step) => step.name === goal)?.members[0];
  return member ? (after.find((step) => step.members.includes(member))?.name ?? null) : goal;
}
