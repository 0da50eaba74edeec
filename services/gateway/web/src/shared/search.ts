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

const MOST_PAUSE_MINUTES = 10_080;

/** The scope of an address, which every link inside the page keeps: what can be used of it, for anyone may have written it. */
export function scopeOf(search: AppSearch): AppSearch {
  const scope: AppSearch = {};
  const keep = (key: "dataset" | "from" | "to" | "case" | "pause" | "compare", isGood: (value: string) => boolean): void => {
    const value = search[key];
    if (typeof value === "string" && value && isGood(value)) scope[key] = value;
  };
  keep("dataset", () => true);
  keep("from", isDay);
  keep("to", isDay);
  if (scope.from && scope.to && scope.from > scope.to) {
    delete scope.from;
    delete scope.to;
  }
  // The same list where nothing is wrong with it, so that what is made from it stays the same too.
  const f = search.f?.every(isTerm) ? search.f : search.f?.filter(isTerm);
  if (f?.length) scope.f = f;
  keep("case", (unit) => unit === "session" || unit === "customer");
  // A pause ends sessions; a customer has no end.
  keep("pause", (minutes) => scope["case"] !== "customer" && /^\d{1,5}$/.test(minutes) && Number(minutes) <= MOST_PAUSE_MINUTES);
  // Without both ends there is no period before.
  keep("compare", (what) => what === "previous" && boundedPeriod(scope.from, scope.to) !== null);
  return scope;
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
