import { MutationCache, QueryCache, QueryClient, focusManager, hashKey, type QueryKey } from "@tanstack/react-query";
import { ApiError } from "@/api/client";
import { datasetsQuery, meQuery } from "@/api/hooks";

/** What a person may do: asked again on return to the window, and where a refusal says that it has changed. */
const RIGHTS: QueryKey[] = [meQuery.queryKey, datasetsQuery.queryKey];
const isRights = (key: QueryKey): boolean => RIGHTS.some((own) => hashKey(own) === hashKey(key));

function isOutdated(error: unknown): boolean {
  return error instanceof ApiError && (error.status === 403 || error.reason === "dataset_not_found");
}

function askRightsAgain(): void {
  for (const queryKey of RIGHTS) void queryClient.invalidateQueries({ queryKey, exact: true });
}

// By itself it hears only of a tab that comes to the front, not of a window.
focusManager.setEventListener((onFocus) => {
  const tell = (): void => onFocus();
  for (const kind of ["visibilitychange", "focus"]) addEventListener(kind, tell);
  return () => {
    for (const kind of ["visibilitychange", "focus"]) removeEventListener(kind, tell);
  };
});

/** Answers live a minute; refusals are never retried, lost connections and server faults twice. */
export const queryClient: QueryClient = new QueryClient({
  queryCache: new QueryCache({
    onError: (error, query) => {
      if (!isOutdated(error) || isRights(query.queryKey)) return;
      askRightsAgain();
      const [list, id, ...question] = query.queryKey;
      if (list !== datasetsQuery.queryKey[0]) return;
      if (question.length > 0) void queryClient.invalidateQueries({ queryKey: [list, id], exact: true });
      // What may no longer be seen is not shown from before, and its page claims no scope.
      else query.setState({ data: undefined });
    },
  }),
  mutationCache: new MutationCache({ onError: (error) => isOutdated(error) && askRightsAgain() }),
  defaultOptions: {
    queries: {
      staleTime: 60_000,
      refetchOnWindowFocus: false,
      retry: (count, error) => (error instanceof ApiError ? (error.status === 0 || error.status >= 500) && count < 2 : count < 1),
    },
  },
});
