import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { datasetsQuery, useDatasets } from "@/api/hooks";
import type { Dataset } from "@/api/types";

/** Asks again what was answered about datasets that have changed since, so that the numbers of a page are of one time. */
export function useChangedDatasets(): void {
  const client = useQueryClient();
  const datasets = useDatasets().data;
  const former = useRef<readonly Dataset[]>([]);
  // Its name, who sees it and what may be done with it do not change the version.
  // After the page has taken the new list: questions that name the version are other questions by now and need no renewal.
  useEffect(() => {
    if (!datasets) return;
    const changed = datasets.filter((dataset) => former.current.some((known) => known.id === dataset.id && JSON.stringify(known) !== JSON.stringify(dataset)));
    former.current = datasets;
    const ids = [...changed.map(({ id }) => id), ...(changed.some((dataset) => dataset.is_public) ? ["public"] : [])];
    for (const id of ids) void client.invalidateQueries({ queryKey: [...datasetsQuery.queryKey, id] });
  }, [client, datasets]);
}
