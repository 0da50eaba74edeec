import type { Analysis, Dataset } from "@/api/types";
import { parseTerm } from "./filters/terms";
import { boundedPeriod } from "./period";

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

/** The part of the search that every link inside the page keeps. */
export function scopeOf(search: AppSearch): AppSearch {
  const kept: AppSearch = {};
  if (search.dataset) kept.dataset = search.dataset;
  if (search.from) kept.from = search.from;
  if (search.to) kept.to = search.to;
  if (search.f?.length) kept.f = search.f;
  if (search["case"]) kept["case"] = search["case"];
  // Without both ends there is no period before.
  if (search["compare"] && boundedPeriod(search.from, search.to)) kept["compare"] = search["compare"];
  return kept;
}

/** The scope with `dataset` in place of another one: without filters on fields it lacks, with its own journeys. */
export function scopeIn(search: AppSearch, dataset: Pick<Dataset, "id" | "fields">): AppSearch {
  const kept = scopeOf(search);
  if (kept.dataset === dataset.id) return kept;
  const f = kept.f?.filter((term) => {
    const parsed = parseTerm(term);
    return parsed?.kind !== "attribute" || dataset.fields.includes(parsed.field);
  });
  return scopeOf({ ...kept, dataset: dataset.id, f, case: undefined });
}

/** The scope an analysis was made in, so that its link shows the same numbers. */
export function scopeOfAnalysis({ dataset_id, from, to, filter, case: unit }: Pick<Analysis, "dataset_id" | "from" | "to" | "filter" | "case">): AppSearch {
  return scopeOf({ dataset: dataset_id, ...(from && { from }), ...(to && { to }), f: filter, case: unit });
}
