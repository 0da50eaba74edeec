import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useLocation, useSearch } from "@tanstack/react-router";
import { api } from "@/api/client";
import { datasetsQuery, useDatasets } from "@/api/hooks";
import type { Dataset, Import } from "@/api/types";
import { useText } from "@/messages";
import { useScope } from "@/shared/scope";
import type { AppSearch } from "@/shared/search";
import css from "./shell.module.css";

const LOOK_AGAIN_MS = 30_000;
/** Home, Reports and a dataset's own page: what shows the events of the dataset in use to whoever sees it. */
const VIEWS = /^\/($|reports$|data\/datasets\/.)/;
/** The same for whoever may analyse it. */
const ANALYSES = /^\/explore\//;

/** Says that new events have come in to the dataset shown; the page stays as it is until the reader wants them. */
export function NewEvents() {
  const { pathname } = useLocation();
  const search: AppSearch = useSearch({ strict: false });
  const { dataset } = useScope();
  const isView = VIEWS.test(pathname) || (ANALYSES.test(pathname) && dataset?.access.can_analyse);
  const isInView = isView && (search["of"] !== "public" || dataset?.is_public);
  return <div role="status">{isInView && dataset && <Watch dataset={dataset} />}</div>;
}

/** Compares with the list of datasets: what is shown is asked again when that list is (`useChangedDatasets`). */
function Watch({ dataset }: { dataset: Dataset }) {
  const t = useText();
  const client = useQueryClient();
  const list = useDatasets();
  const hasMore = ({ data, dataUpdatedAt }: { data: Dataset | undefined; dataUpdatedAt: number }): boolean =>
    data !== undefined && dataUpdatedAt > list.dataUpdatedAt && data.events > dataset.events;
  const latest = useQuery({
    // Not among the questions about the dataset, which are shown.
    queryKey: ["new-events", dataset.id],
    queryFn: ({ signal }) => api.get<Dataset>(`/datasets/${dataset.id}`, {}, signal),
    initialData: dataset,
    initialDataUpdatedAt: list.dataUpdatedAt,
    staleTime: Infinity,
    refetchInterval: ({ state }) => (hasMore(state) ? false : LOOK_AGAIN_MS),
  });
  // What an import brings that this page follows is shown at its end.
  const isFollowed = (): boolean =>
    client
      .getQueryCache()
      .findAll({ queryKey: ["imports", "one"], type: "active" })
      .some(({ state }) => {
        const { dataset_id, status } = (state.data ?? {}) as Partial<Import>;
        return dataset_id === dataset.id && (status === "queued" || status === "running");
      });
  if (list.isFetching || !hasMore(latest) || isFollowed()) return null;

  function show() {
    // The button goes, and the focus must not go with it.
    document.getElementById("content")?.focus({ preventScroll: true });
    void client.invalidateQueries({ queryKey: datasetsQuery.queryKey, exact: true });
  }

  return (
    <div className={css.newEvents}>
      {t("shell.new_events")}
      <button type="button" className={css.textButton} onClick={show}>
        {t("shell.show_new_events")}
      </button>
    </div>
  );
}
