/**
 * Filter terms of the API (`f=`): `kind:values`, comma = or, `>` between steps, `!` in front negates, backslash escapes.
 * Examples: `device_category:mobile,tablet`, `!step:purchase`, `direct:cart>purchase`, `duration:60..3600`.
 */

import { EVENT_FIELDS } from "@/shared/fields";

export const STEP_KINDS = ["step", "starts", "ends"] as const;
export const PAIR_KINDS = ["direct", "eventual"] as const;
export const RANGE_KINDS = ["length", "duration"] as const;
export type StepKind = (typeof STEP_KINDS)[number];
export type PairKind = (typeof PAIR_KINDS)[number];
export type RangeKind = (typeof RANGE_KINDS)[number];

/** One condition; every kind carries `field` (its kind, or the attribute) and `isNegated`. */
export type Term = { field: string; isNegated: boolean } & (
  | { kind: "attribute" | StepKind; values: string[] }
  /** Sequences of steps, any of which may match; pairs for direct and eventual, whole ways for way. */
  | { kind: PairKind | "way"; sequences: string[][] }
  /** Both ends included; null = open. Steps for length, seconds for duration. */
  | { kind: RangeKind; min: number | null; max: number | null }
);

const isOneOf = <Kind extends string>(kinds: readonly Kind[], text: string): text is Kind => (kinds as readonly string[]).includes(text);

function escape(text: string): string {
  return text.replace(/[\\,>!]/g, "\\$&").replace(/\.\./g, "\\.\\.");
}

/** Splits at an unescaped separator; escapes stay in the parts. */
function split(text: string, separator: string): string[] {
  const parts = [""];
  for (let index = 0; index < text.length; index++) {
    const character = text[index] as string;
    if (character === separator) parts.push("");
    else {
      const taken = character === "\\" ? text.slice(index, index + 2) : character;
      parts[parts.length - 1] += taken;
      index += taken.length - 1;
    }
  }
  return parts;
}

const unescape = (text: string): string => text.replace(/\\(.)/gs, "$1");

const isField = (text: string): boolean => (text !== "time" && isOneOf(EVENT_FIELDS, text)) || /^properties\../s.test(text);

/** Reads a term; null when the text is none that the API would take. */
export function parseTerm(text: string): Term | null {
  const isNegated = text.startsWith("!");
  const [key = "", ...rests] = split(isNegated ? text.slice(1) : text, ":");
  // A backslash at the end has nothing to take the meaning from.
  if (rests.length === 0 || (/\\*$/.exec(text)?.[0].length ?? 0) % 2 === 1) return null;
  const field = unescape(key);
  const rest = rests.join(":");
  const common = { field, isNegated };
  if (isOneOf(RANGE_KINDS, field)) {
    const bounds = rest.split("..");
    const number = field === "length" ? /^(\d{1,18})?$/ : /^(\d{1,18}(\.\d{1,6})?)?$/;
    if (bounds.length !== 2 || !bounds.every((bound) => number.test(bound))) return null;
    const [min = null, max = null] = bounds.map((bound) => (bound ? Number(bound) : null));
    if ((min ?? max) === null || (min !== null && max !== null && min > max)) return null;
    return { ...common, kind: field, min, max };
  }
  if (isOneOf(PAIR_KINDS, field) || field === "way") {
    const sequences = split(rest, ",").map((sequence) => split(sequence, ">").map(unescape));
    if (sequences.some((sequence) => sequence.includes("") || (field !== "way" && sequence.length !== 2))) return null;
    return { ...common, kind: field, sequences };
  }
  const values = split(rest, ",").map(unescape);
  if (isOneOf(STEP_KINDS, field)) return values.includes("") ? null : { ...common, kind: field, values };
  return isField(field) ? { ...common, kind: "attribute", values } : null;
}

/** Whether the API would take a text as a term; of ranges it also takes several, which the page does not write. */
export function isTerm(text: string): boolean {
  const range = /^(!?(?:length|duration):)(.*)$/.exec(text);
  return range ? split(range[2] ?? "", ",").every((one) => parseTerm(`${range[1]}${one}`) !== null) : parseTerm(text) !== null;
}

/** The term that keeps values of an event's field; of the step, the journeys that go through one of them. Null where none can say it. */
export function valueTerm(field: string, values: string[]): Extract<Term, { values: string[] }> | null {
  if (field.includes(":")) return null;
  const common = { field: field === "action_type" ? "step" : field, isNegated: false, values };
  return field === "action_type" ? { ...common, kind: "step" } : { ...common, kind: "attribute" };
}

/** Writes a term as the API reads it. */
export function formatTerm(term: Term): string {
  const head = `${term.isNegated ? "!" : ""}${term.field.replace(/[\\:]/g, "\\$&")}:`;
  switch (term.kind) {
    case "length":
    case "duration":
      return `${head}${term.min ?? ""}..${term.max ?? ""}`;
    case "direct":
    case "eventual":
    case "way":
      return head + term.sequences.map((sequence) => sequence.map(escape).join(">")).join(",");
    default:
      return head + term.values.map(escape).join(",");
  }
}

/** Adds a condition unless the same one is there. */
export function withTerm(filters: readonly string[], term: Term): string[] {
  const text = formatTerm(term);
  return filters.includes(text) ? [...filters] : [...filters, text];
}
