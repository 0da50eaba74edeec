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
  return kept;
}
