import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback, useEffect } from "react";
import { api, ApiError } from "@/api/client";
import { datasetsQuery, useDatasets } from "@/api/hooks";
import type { Dataset } from "@/api/types";
import { useText } from "@/messages";
import { useNotify } from "@/shared/notify";
import { usualDataset, useScope } from "@/shared/scope";
import { faultsOf, mended, scopeIn, type AppSearch } from "@/shared/search";

const NOT_FOUND = 404;
const SHOWN_CHARACTERS = 60;

/**
 * Keeps the address as the page reads it: what cannot be used is taken out and told, and the dataset in use stands
 * there, so that a copied link shows the same.
 */
export function useAddress(): void {
  const t = useText();
  const navigate = useNavigate();
  const search: AppSearch = useSearch({ strict: false });
  const { datasetId } = useScope();
  const tell = useTell();
  const isMissing = datasetId !== null && !search.dataset;
  useEffect(() => {
    const faults = faultsOf(search);
    if (faults.length > 0) {
      tell(faults.map(({ reason, value }) => t(`shell.address.${reason}`, { value: value.length > SHOWN_CHARACTERS ? `${value.slice(0, SHOWN_CHARACTERS)}…` : value })));
      void navigate({ to: ".", replace: true, search: mended });
    } else if (isMissing) {
      void navigate({ to: ".", replace: true, search: (former: AppSearch) => ({ dataset: datasetId, ...former }) });
    }
  }, [search, isMissing, datasetId, navigate, tell, t]);
  useUnknownDataset(search);
}

/** Goes to the usual dataset and says so, where the address names one that is not there for this person. */
function useUnknownDataset(search: AppSearch): void {
  const t = useText();
  const navigate = useNavigate();
  const client = useQueryClient();
  const tell = useTell();
  const datasets = useDatasets().data;
  const unknown = search.dataset && datasets && !datasets.some(({ id }) => id === search.dataset) ? search.dataset : null;
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
    tell([usual ? t("shell.address.dataset", { name: usual.name }) : t("shell.address.dataset_none")]);
    void navigate({ to: ".", replace: true, search: (former: AppSearch) => (usual ? scopeIn(former, usual) : {}) });
  }, [isGone, datasets, navigate, tell, t]);
}

/** Returns a function that says what is wrong with the address, once, until the reader closes it. */
function useTell(): (sentences: string[]) => void {
  const notify = useNotify();
  return useCallback(
    (sentences) =>
      void notify(
        sentences.map((sentence) => <div key={sentence}>{sentence}</div>),
        { id: sentences.join(" "), color: "yellow", autoClose: false },
      ),
    [notify],
  );
}
