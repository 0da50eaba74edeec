import { useMatches, useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback, useEffect, useMemo } from "react";
import type { Query } from "@/api/client";
import { useDatasets } from "@/api/hooks";
import type { CaseNotion, Dataset } from "@/api/types";
import { boundedPeriod, dayIn, isAllAhead, previousPeriod, type Period } from "./period";
import { scopeIn, scopeOf, type AppSearch } from "./search";

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
  /** With sessions: the minutes without a step after which a new one starts; 0 = the events say their session. */
  pause: number;
  /**
   * The scope as query parameters of the REST questions (`from`, `to`, `f`, and how journeys are cut where it is not the dataset's way).
   * Without a period it ends today where the dataset has events on later days.
   */
  question: Query;
}

export type ScopeChange = Partial<Pick<Scope, "from" | "to" | "filters" | "unit"> & { compares: boolean }>;

const PREVIOUS = "previous";

/** The dataset that counts where an address names none: the last one used, then the first of the list. */
export function usualDataset(datasets: readonly Dataset[]): Dataset | null {
  const last = localStorage.getItem(LAST_DATASET);
  return datasets.find(({ id }) => id === last) ?? datasets[0] ?? null;
}

/** The one scope of the page: what can be used of the address. */
export function useScope(): Scope & { setScope: (change: ScopeChange) => void } {
  const search: AppSearch = useSearch({ strict: false });
  const navigate = useNavigate();
  const datasets = useDatasets().data;
  const { dataset: wanted, from = null, to = null, f, case: chosen, pause: ended, compare } = scopeOf(search);
  const dataset = (wanted ? datasets?.find(({ id }) => id === wanted) : datasets && usualDataset(datasets)) ?? null;
  // Before the list is there nobody knows whether the dataset exists, and its questions need not wait.
  const datasetId = dataset?.id ?? (datasets ? null : (wanted ?? null));
  const scope = useMemo<Scope>(
    () => {
      const unit = (chosen as CaseNotion | undefined) ?? dataset?.case ?? "customer";
      const pause = ended === undefined ? usualPause(dataset) : Number(ended);
      const period = compare ? boundedPeriod(from, to) : null;
      const previous = period && previousPeriod(period);
      return { datasetId, dataset, from, to, filters: f ?? [], previous, unit, pause, question: { from, to: from === null && to === null ? lastDayOfAll(dataset) : to, f: f ?? [], ...caseQuery(dataset, unit, pause) } };
    },
    [datasetId, dataset, from, to, f, compare, chosen, ended],
  );
  const setScope = useCallback(
    (change: ScopeChange) => {
      void navigate({
        to: ".",
        search: (former: AppSearch) => {
          const next: AppSearch = {
            ...former,
            ...(change.unit !== undefined && { case: change.unit, pause: undefined }),
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

/** Makes the dataset that a page is about the one of the scope, for the address may name another one or none. */
export function useScopeOfPage(dataset: Dataset | undefined): void {
  const search: AppSearch = useSearch({ strict: false });
  const navigate = useNavigate();
  const isOther = dataset !== undefined && search.dataset !== dataset.id;
  useEffect(() => {
    if (!isOther) return;
    const leave = { f: undefined, case: undefined, pause: undefined };
    void navigate({ to: ".", replace: true, search: (former: AppSearch) => ({ ...former, ...leave, ...scopeIn(former, dataset) }) });
  }, [isOther, dataset, navigate]);
}

/** Returns the search of a link into a dataset: the scope in use, as far as that dataset knows its fields; all of it into none. */
export function useScopeIn(): (datasetId: string | null) => AppSearch {
  const search: AppSearch = useSearch({ strict: false });
  const datasets = useDatasets().data;
  return (datasetId) => {
    if (datasetId === null) return scopeOf(search);
    const dataset = datasets?.find(({ id }) => id === datasetId);
    return dataset ? scopeIn(search, dataset) : { dataset: datasetId };
  };
}

/** The pause that ends sessions where the reader names none: the dataset's, else given session ids, else a common one. */
function usualPause(dataset: Dataset | null): number {
  if (!dataset) return 0;
  return dataset.session_gap_minutes ?? (dataset.case === "session" || dataset.fields.includes("session_id") ? 0 : USUAL_GAP_MINUTES);
}

/** Today where a dataset has events on later days, for these count for no default; null where it has none, or no others. */
function lastDayOfAll(dataset: Dataset | null): string | null {
  return dataset && dataset.later_events > 0 && !isAllAhead(dataset) ? dayIn(new Date(), dataset.time_zone) : null;
}

/** How journeys are cut, where it differs from the dataset's own way. */
export function caseQuery(dataset: Dataset | null, unit: CaseNotion, pause: number): { case?: CaseNotion; session_gap_minutes?: number } {
  if (!dataset) return {};
  const isOwnPause = unit === "customer" || pause === (dataset.session_gap_minutes ?? 0);
  return { ...(unit !== dataset.case && { case: unit }), ...(!isOwnPause && { session_gap_minutes: pause }) };
}

type SetUrlState = (value: string | null) => void;

/**
 * One page-owned text in the address (`?key=value`); setting it replaces the history entry. `null` removes it.
 * With `known` any other text counts as the fallback, for anyone may have written it.
 */
export function useUrlState(key: string, fallback: string): [string, SetUrlState];
export function useUrlState<Value extends string>(key: string, fallback: Value, known: readonly Value[] | undefined): [Value, SetUrlState];
export function useUrlState(key: string, fallback: string, known?: readonly string[]): [string, SetUrlState] {
  const search: AppSearch = useSearch({ strict: false });
  const navigate = useNavigate();
  const found = search[key];
  const set = useCallback(
    (value: string | null) => {
      void navigate({
        to: ".",
        replace: true,
        resetScroll: false,
        search: (former: AppSearch) => ({ ...former, [key]: value === null || value === fallback ? undefined : value }),
      });
    },
    [navigate, key, fallback],
  );
  return [typeof found === "string" && (known?.includes(found) ?? true) ? found : fallback, set];
}

/** A part of the address's path, such as `datasetId` of `/data/datasets/$datasetId`; empty on other pages. */
export function usePathParam(name: string): string {
  return useMatches({ select: (matches) => (matches.at(-1)?.params as Record<string, string> | undefined)?.[name] ?? "" });
}
