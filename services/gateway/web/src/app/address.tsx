import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback, useEffect } from "react";
import { api, ApiError } from "@/api/client";
import { datasetsQuery, useDatasets } from "@/api/hooks";
import type { Dataset } from "@/api/types";
import { loadMessages, T } from "@/messages";
import { useNotify } from "@/shared/notify";
import { usualDataset } from "@/shared/scope";
import { isDay } from "@/shared/period";
import { scopeIn, scopeOf, type AppSearch } from "@/shared/search";

/** What is said of a part of the scope that cannot be used. */
const REASONS = { from: "day", to: "day", f: "filter", case: "unit", pause: "pause", compare: "compare" } as const;
const NOT_FOUND = 404;
const SHOWN_CHARACTERS = 60;

/** Takes out of the address what cannot be used of its scope, and says so. */
export function useAddress(): void {
  const navigate = useNavigate();
  const search: AppSearch = useSearch({ strict: false });
  const tell = useTell();
  useEffect(() => {
    const faults = faultsOf(search);
    if (faults.length === 0) return;
    tell(faults);
    void navigate({ to: ".", replace: true, search: mended });
  }, [search, navigate, tell]);
  useUnknownDataset(search);
}

/** Goes to the usual dataset and says so, where the address names one that is not there for this person. */
function useUnknownDataset(search: AppSearch): void {
  const navigate = useNavigate();
  const client = useQueryClient();
  const tell = useTell();
  const datasets = useDatasets().data;
  // With an analysis it may be deleted and that still there: its page finds the way.
  const unknown = search.dataset && !search["analysis"] && datasets && !datasets.some(({ id }) => id === search.dataset) ? search.dataset : null;
  // It may be newer than the list. One that was there before is not asked for again: whoever deletes it leaves it.
  const asked = useQuery({
    queryKey: ["datasets", unknown],
    queryFn: ({ signal }) => api.get<Dataset>(`/datasets/${encodeURIComponent(unknown ?? "")}`, {}, signal),
    enabled: unknown !== null,
    staleTime: Infinity,
  });
  const isGone = unknown !== null && asked.error instanceof ApiError && asked.error.status === NOT_FOUND;
  const isNew = unknown !== null && asked.isSuccess;
  useEffect(() => {
    if (isNew) void client.invalidateQueries({ queryKey: datasetsQuery.queryKey, exact: true });
  }, [isNew, client]);
  useEffect(() => {
    if (!isGone) return;
    const usual = usualDataset(datasets ?? []);
    tell([usual ? { reason: "dataset", value: usual.name } : { reason: "dataset_none", value: "" }]);
    void navigate({ to: ".", replace: true, search: (former: AppSearch) => (usual ? scopeIn(former, usual) : {}) });
  }, [isGone, datasets, navigate, tell]);
}

interface Fault {
  reason: (typeof REASONS)[keyof typeof REASONS] | "reversed" | "dataset" | "dataset_none";
  value: string;
}

/** What the scope leaves out of an address. */
function faultsOf(search: AppSearch): Fault[] {
  const scope = scopeOf(search);
  const { from, to } = search;
  const isReversed = from !== undefined && to !== undefined && isDay(from) && isDay(to) && from > to;
  const faults: Fault[] = isReversed ? [{ reason: "reversed", value: `${from} – ${to}` }] : [];
  for (const [key, reason] of Object.entries(REASONS)) {
    const left = [search[key] ?? []].flat().filter((value) => value && ![scope[key]].flat().includes(value));
    // A pause next to customers is no fault, it has nothing to end.
    const isTold = (isReversed && reason === "day") || (reason === "pause" && scope["case"] === "customer");
    if (!isTold) faults.push(...left.map((value) => ({ reason, value })));
  }
  return faults;
}

/** The address with only what can be used of its scope. */
function mended(search: AppSearch): AppSearch {
  const own = Object.entries(search).filter(([key]) => !(key in REASONS));
  return { ...scopeOf(search), ...Object.fromEntries(own) };
}

/** Returns a function that says what is wrong with the address, once, until the reader closes it. */
function useTell(): (faults: readonly Fault[]) => void {
  const notify = useNotify();
  return useCallback(
    (faults) => {
      const sentences = faults.map(({ reason, value }, index) => (
        <div key={index}>
          <T id={`address.${reason}`} values={{ value: value.length > SHOWN_CHARACTERS ? `${value.slice(0, SHOWN_CHARACTERS)}…` : value }} />
        </div>
      ));
      // Hardly any address needs these words, so that no visit waits for them.
      void loadMessages("address").then(() => notify(sentences, { id: JSON.stringify(faults), color: "yellow", autoClose: false }));
    },
    [notify],
  );
}
