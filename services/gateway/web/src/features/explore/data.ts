import { useQuery } from "@tanstack/react-query";
import { api, type Query } from "@/api/client";
import type { PathTimes, Variants } from "@/api/types";

/** The most common ways of the scope. */
export function useCommonWays(datasetId: string | null, question: Query, limit: number) {
  const query: Query = { ...question, limit };
  return useQuery({
    queryKey: ["datasets", datasetId, "variants", query],
    queryFn: ({ signal }) => api.get<Variants>(`/datasets/${datasetId}/variants`, query, signal),
    enabled: datasetId !== null,
    placeholderData: (former) => former,
  });
}

/** How long the moves of one path take, as a histogram. */
export function usePathTimes(datasetId: string | null, question: Query, kept: readonly string[], source: string, target: string) {
  const query: Query = { ...question, activity: kept, source, target };
  return useQuery({
    queryKey: ["datasets", datasetId, "path-times", query],
    queryFn: ({ signal }) => api.get<PathTimes>(`/datasets/${datasetId}/path-times`, query, signal),
    enabled: datasetId !== null,
  });
}
