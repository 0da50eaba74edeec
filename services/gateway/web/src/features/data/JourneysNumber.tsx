import { Tooltip } from "@mantine/core";
import { useQueries, useQueryClient, type UseQueryResult } from "@tanstack/react-query";
import { api } from "@/api/client";
import type { Dataset, JourneysCount } from "@/api/types";
import { useText } from "@/messages";
import { useFormat } from "@/shared/format";
import { useErrorText } from "@/shared/ui";
import css from "./data.module.css";
import { whileChanging } from "./quality";

export type JourneysAnswer = Pick<UseQueryResult<JourneysCount>, "data" | "error" | "isFetching" | "refetch">;

const keyOf = (dataset: Dataset) => ["datasets", dataset.id, "journeys-count", dataset.case, dataset.session_gap_minutes, dataset.version] as const;

/** How many journeys the datasets with events have, by id; while a number is renewed the former one of the same unit stands. */
export function useJourneysCounts(datasets: readonly Dataset[]): ReadonlyMap<string, JourneysAnswer> {
  const client = useQueryClient();
  const asked = datasets.filter(({ events }) => events > 0);
  // One after the other, so that whoever opens a map meanwhile waits for one count at most.
  const next = asked.findIndex((dataset) => (client.getQueryState(keyOf(dataset))?.status ?? "pending") === "pending");
  const answers = useQueries({
    queries: asked.map((dataset, index) => ({
      queryKey: keyOf(dataset),
      queryFn: ({ signal }: { signal: AbortSignal }) => api.get<JourneysCount>(`/datasets/${dataset.id}/journeys-count`, {}, signal),
      placeholderData: () => client.getQueriesData<JourneysCount>({ queryKey: keyOf(dataset).slice(0, -1) }).findLast(([, former]) => former)?.[1],
      enabled: next < 0 || index <= next,
      refetchInterval: whileChanging,
      // What took too long once would hold up the others for as long again.
      retry: false,
    })),
  });
  return new Map(asked.map(({ id }, index) => [id, answers[index] as JourneysAnswer]));
}

/** The number of journeys of a dataset, or why there is none; as wide from the beginning as it can become. */
export function JourneysNumber({ dataset, answer }: { dataset: Dataset; answer: JourneysAnswer | undefined }) {
  const t = useText();
  const format = useFormat();
  const errorText = useErrorText();
  const why = answer?.error && !answer.isFetching ? t("data.journeys.failed", { reason: errorText(answer.error) }) : null;
  // There are never more journeys than events.
  const minWidth = `${format.number(dataset.events).length}ch`;
  return (
    <span className={css.journeys} style={{ minWidth }}>
      {why !== null && answer ? (
        <Tooltip label={why} events={{ hover: true, focus: true, touch: true }} multiline maw={280}>
          <button
            type="button"
            className={css.again}
            aria-label={why}
            onClick={(event) => {
              event.stopPropagation();
              void answer.refetch();
            }}
          >
            {t("data.journeys.unknown")}
          </button>
        </Tooltip>
      ) : dataset.events === 0 || answer?.data ? (
        format.number(answer?.data?.journeys ?? 0)
      ) : (
        <span className="muted" data-skeleton>
          {t("data.journeys.counting")}
        </span>
      )}
    </span>
  );
}
