import { QueryClient } from "@tanstack/react-query";
import { ApiError } from "@/api/client";

/** Answers live a minute; refusals are never retried, lost connections and server faults twice. */
export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 60_000,
      refetchOnWindowFocus: false,
      retry: (count, error) => (error instanceof ApiError ? (error.status === 0 || error.status >= 500) && count < 2 : count < 1),
    },
  },
});
