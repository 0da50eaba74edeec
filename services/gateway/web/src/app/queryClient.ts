import { QueryCache, QueryClient } from "@tanstack/react-query";
import { ApiError } from "@/api/client";
import { datasetsQuery } from "@/api/hooks";

/** Refusals that say that what a person may do with a dataset is no longer what the list of datasets says. */
const OUTDATED = new Set(["dataset_not_found", "dataset_analysis_not_allowed"]);

/** Answers live a minute; refusals are never retried, lost connections and server faults twice. */
export const queryClient: QueryClient = new QueryClient({
  queryCache: new QueryCache({
    onError: (error, query) => {
      if (!(error instanceof ApiError && OUTDATED.has(error.reason))) return;
      const [list, id, ...question] = query.queryKey;
      void queryClient.invalidateQueries({ queryKey: datasetsQuery.queryKey, exact: true });
      if (list !== datasetsQuery.queryKey[0]) return;
      if (question.length > 0) void queryClient.invalidateQueries({ queryKey: [list, id], exact: true });
      // What may no longer be seen is not shown from before, and its page claims no scope.
      else query.setState({ data: undefined });
    },
  }),
  defaultOptions: {
    queries: {
      staleTime: 60_000,
      refetchOnWindowFocus: false,
      retry: (count, error) => (error instanceof ApiError ? (error.status === 0 || error.status >= 500) && count < 2 : count < 1),
    },
  },
});
