import { useMatches, useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback, useMemo } from "react";
import type { Query } from "@/api/client";
import { useDatasets } from "@/api/hooks";
import type { CaseNotion, Dataset } from "@/api/types";
import { boundedPeriod, previousPeriod, type Period } from "./period";
import { scopeIn, type AppSearch } from "./search";

const LAST_DATASET = "cjm-last-dataset";
const USUAL_GAP_MINUTES = 30;

export interface Scope {
  datasetId: string | null;
  dataset: Dataset | null;
  /** First and last day, both included, in the dataset's time zone; null = all data. */
  from: string | null;
  to: string | null;
  filters: string[];
  /** The period of equal length just before, where the reader compares with it; null = does not compare. */
  previous: Period | null;
  /** What makes one journey: the reader's choice, else the dataset's. */
  unit: CaseNotion;
  /** The scope as query parameters of the REST questions (`from`, `to`, `f`, and `case` where it is not the dataset's). */
  question: Query;
}

export type ScopeChange = Partial<Pick<Scope, "from" | "to" | "filters" | "unit"> & { compares: boolean }>;

const PREVIOUS = "previous";

/**
 * The one scope of the page, read from the address. Without a dataset there, the last one used counts, then the
 * first of the list.
 */
export function useScope(): Scope & { setScope: (change: ScopeChange) => void } {
  const search: AppSearch = useSearch({ strict: false });
  const navigate = useNavigate();
  const datasets = useDatasets().data;
  const wanted = search.dataset ?? localStorage.getItem(LAST_DATASET);
  const dataset = datasets?.find((candidate) => candidate.id === wanted) ?? (search.dataset ? null : (datasets?.[0] ?? null));
  const datasetId = dataset?.id ?? search.dataset ?? null;
  const { from = null, to = null, f } = search;
  const chosen = search["case"];
  const compares = search["compare"] === PREVIOUS;
  const scope = useMemo<Scope>(
    () => {
      const unit = chosen === "session" || chosen === "customer" ? chosen : (dataset?.case ?? "customer");
      const period = compares ? boundedPeriod(from, to) : null;
      const previous = period && previousPeriod(period);
      return { datasetId, dataset, from, to, filters: f ?? [], previous, unit, question: { from, to, f: f ?? [], ...caseQuery(dataset, unit) } };
    },
    [datasetId, dataset, from, to, f, compares, chosen],
  );
  const setScope = useCallback(
    (change: ScopeChange) => {
      void navigate({
        to: ".",
        search: (former: AppSearch) => {
          const next: AppSearch = {
            ...former,
            ...(change.unit !== undefined && { case: change.unit }),
            ...(change.from !== undefined && { from: change.from ?? undefined }),
            ...(change.to !== undefined && { to: change.to ?? undefined }),
            ...(change.filters !== undefined && { f: change.filters.length ? change.filters : undefined }),
            ...(change.compares !== undefined && { compare: change.compares ? PREVIOUS : undefined }),
          };
          return boundedPeriod(next.from, next.to) ? next : { ...next, compare: undefined };
        },
      });
    },
    [navigate],
  );
  return { ...scope, setScope };
}

/** Makes a dataset the one that counts where an address names none. */
export function rememberDataset(id: string): void {
  localStorage.setItem(LAST_DATASET, id);
}

/** Returns the search of a link into a dataset: the scope in use, as far as that dataset knows its fields. */
export function useScopeIn(): (datasetId: string) => AppSearch {
  const search: AppSearch = useSearch({ strict: false });
  const datasets = useDatasets().data;
  return (datasetId) => {
    const dataset = datasets?.find(({ id }) => id === datasetId);
    return dataset ? scopeIn(search, dataset) : { dataset: datasetId };
  };
}

/** How journeys are cut, where it differs from the dataset's own way: by given session ids, else by a gap. */
export function caseQuery(dataset: Dataset | null, unit: CaseNotion): { case?: CaseNotion; session_gap_minutes?: number } {
  if (!dataset || unit === dataset.case) return {};
  if (unit === "customer" || dataset.fields.includes("session_id")) return { case: unit };
  return { case: unit, session_gap_minutes: dataset.session_gap_minutes ?? USUAL_GAP_MINUTES };
}

/** One page-owned text in the address (`?key=value`); setting it replaces the history entry. `null` removes it. */
export function useUrlState(key: string, fallback: string): [string, (value: string | null) => void] {
  const search: AppSearch = useSearch({ strict: false });
  const navigate = useNavigate();
  const found = search[key];
  const set = useCallback(
    (value: string | null) => {
      void navigate({
        to: ".",
        replace: true,
        search: (former: AppSearch) => ({ ...former, [key]: value === null || value === fallback ? undefined : value }),
      });
    },
    [navigate, key, fallback],
  );
  return [typeof found === "string" ? found : fallback, set];
}

/** A part of the address's path, such as `datasetId` of `/data/datasets/$datasetId`; empty on other pages. */
export function usePathParam(name: string): string {
  return useMatches({ select: (matches) => (matches.at(-1)?.params as Record<string, string> | undefined)?.[name] ?? "" });
}
