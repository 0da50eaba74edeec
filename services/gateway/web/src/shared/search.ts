import type { Analysis, Dataset } from "@/api/types";
import { isTerm, parseTerm } from "./filters/terms";
import { boundedPeriod, isDay } from "./period";

/** What the address holds after `?`: the scope by fixed names, and each page's own state as texts. */
export interface AppSearch {
  dataset?: string;
  from?: string;
  to?: string;
  f?: string[];
  [key: string]: string | string[] | undefined;
}

/** Reads `?a=1&f=x&f=y`; `f` is always a list, of any other repeated key the last value counts. */
export function parseSearch(text: string): AppSearch {
  const search: AppSearch = {};
  for (const [key, value] of new URLSearchParams(text)) {
    if (key === "f") search.f = [...(search.f ?? []), value];
    else search[key] = value;
  }
  return search;
}

/** Writes the search readably: filter terms keep their `:`, `,` and `>`. */
export function stringifySearch(search: Record<string, unknown>): string {
  const parts: string[] = [];
  for (const [key, value] of Object.entries(search)) {
    for (const item of Array.isArray(value) ? value : [value]) {
      if (typeof item !== "string" && typeof item !== "number" && typeof item !== "boolean") continue;
      const text = encodeURIComponent(String(item)).replace(/%(3A|2C|3E|2F|21)/g, (code) => decodeURIComponent(code));
      parts.push(`${encodeURIComponent(key)}=${text}`);
    }
  }
  return parts.length ? `?${parts.join("&")}` : "";
}

/** A part of the address that cannot be used; `reason` names the message that says so. */
export interface Fault {
  reason: "day" | "reversed" | "filter" | "unit" | "pause" | "compare";
  value: string;
}

const MOST_PAUSE_MINUTES = 10_080;
const SCOPE_KEYS = ["dataset", "from", "to", "f", "case", "pause", "compare"] as const;

/** The scope of an address, which anyone may have written: what can be used, and what cannot. */
function readScope(search: AppSearch): { scope: AppSearch; faults: Fault[] } {
  const scope: AppSearch = {};
  const faults: Fault[] = [];
  const keep = (key: Exclude<(typeof SCOPE_KEYS)[number], "f">, value: string | undefined, reason: Fault["reason"], isGood: (value: string) => boolean): void => {
    if (!value) return;
    if (isGood(value)) scope[key] = value;
    else faults.push({ reason, value });
  };
  if (search.dataset) scope.dataset = search.dataset;
  keep("from", search.from, "day", isDay);
  keep("to", search.to, "day", isDay);
  if (scope.from && scope.to && scope.from > scope.to) {
    faults.push({ reason: "reversed", value: `${scope.from} – ${scope.to}` });
    delete scope.from;
    delete scope.to;
  }
  const terms = search.f?.filter(isTerm) ?? [];
  faults.push(...(search.f ?? []).filter((term) => term && !isTerm(term)).map((value) => ({ reason: "filter" as const, value })));
  // The same list where nothing is wrong with it, so that what is made from it stays the same too.
  if (terms.length) scope.f = terms.length === search.f?.length ? search.f : terms;
  keep("case", text(search["case"]), "unit", (value) => value === "session" || value === "customer");
  // A pause ends sessions; a customer has no end.
  if (scope["case"] !== "customer") keep("pause", text(search["pause"]), "pause", (value) => /^\d{1,5}$/.test(value) && Number(value) <= MOST_PAUSE_MINUTES);
  // Without both ends there is no period before.
  keep("compare", text(search["compare"]), "compare", (value) => value === "previous" && boundedPeriod(scope.from, scope.to) !== null);
  return { scope, faults };
}

const text = (value: string | string[] | undefined): string | undefined => (typeof value === "string" ? value : undefined);

/** The part of the search that every link inside the page keeps: what can be used of the scope. */
export const scopeOf = (search: AppSearch): AppSearch => readScope(search).scope;

/** What cannot be used of the scope in an address. */
export const faultsOf = (search: AppSearch): Fault[] => readScope(search).faults;

/** The address with only what can be used of its scope. */
export function mended(search: AppSearch): AppSearch {
  const own = Object.entries(search).filter(([key]) => !(SCOPE_KEYS as readonly string[]).includes(key));
  return { ...scopeOf(search), ...Object.fromEntries(own) };
}

/** The scope with `dataset` in place of another one: without filters on fields it lacks, with its own journeys. */
export function scopeIn(search: AppSearch, dataset: Pick<Dataset, "id" | "fields">): AppSearch {
  const kept = scopeOf(search);
  if (kept.dataset === dataset.id) return kept;
  const f = kept.f?.filter((term) => {
    const parsed = parseTerm(term);
    return parsed?.kind !== "attribute" || dataset.fields.includes(parsed.field);
  });
  return scopeOf({ ...kept, dataset: dataset.id, f, case: undefined, pause: undefined });
}

type AnalysisScope = Pick<Analysis, "dataset_id" | "from" | "to" | "filter" | "case" | "session_gap_minutes">;

/** The scope an analysis was made in, so that its link shows the same numbers. */
export function scopeOfAnalysis({ dataset_id, from, to, filter, case: unit, session_gap_minutes: gap }: AnalysisScope): AppSearch {
  return scopeOf({ dataset: dataset_id, ...(from && { from }), ...(to && { to }), f: filter, case: unit, ...(unit === "session" && { pause: String(gap ?? 0) }) });
}
