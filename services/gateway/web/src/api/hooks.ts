import { queryOptions, useMutation, useQuery, useQueryClient, type QueryKey } from "@tanstack/react-query";
import { ApiError, api, request, setCsrfToken, type Query } from "./client";
import type { Analysis, DailyReport, Dataset, DatasetInput, DirectlyFollows, Home, Import, JourneysByDay, Mapping, Me, Page, ReportBy, Session, User, ValueCount } from "./types";

/** Fetches every page of a list that is known to be short (datasets, mappings, people). */
export async function allItems<Item>(path: string, query: Query = {}, signal?: AbortSignal): Promise<Item[]> {
  const items: Item[] = [];
  let cursor: string | null = null;
  do {
    const page: Page<Item> = await api.get<Page<Item>>(path, { ...query, limit: 200, cursor }, signal);
    items.push(...page.items);
    cursor = page.next_cursor;
  } while (cursor);
  return items;
}

export const meQuery = queryOptions({
  queryKey: ["me"],
  queryFn: async ({ signal, client }) => {
    const before = client.getQueryData<Me>(["me"]);
    const me = await api.get<Me>("/me", {}, signal);
    setCsrfToken(me.csrf_token);
    // Somebody else has signed in in another tab: nothing of the former account may stay, in answers, forms or dialogs.
    if (before && before.user.id !== me.user.id) location.reload();
    return me;
  },
  staleTime: Infinity,
  // What one may do may have been changed by somebody else.
  refetchOnWindowFocus: "always",
  retry: (count, error) => !(error instanceof ApiError && error.status === 401) && count < 2,
});

export const datasetsQuery = queryOptions({
  queryKey: ["datasets"],
  queryFn: ({ signal }) => allItems<Dataset>("/datasets", {}, signal),
  refetchOnWindowFocus: "always",
});

/** The signed-in person, features of this installation, CSRF token. Only below the shell, which waits for it. */
export function useMe() {
  return useQuery(meQuery);
}

export function useDatasets() {
  return useQuery(datasetsQuery);
}

export function useDataset(id: string | null) {
  return useQuery({
    queryKey: ["datasets", id],
    queryFn: ({ signal }) => api.get<Dataset>(`/datasets/${id}`, {}, signal),
    enabled: id !== null,
  });
}

/** Values of one field with how many touchpoints of a scope have them, for type-ahead; keeps the former list while the next loads. */
export function useFieldValues(datasetId: string | null, field: string, contains: string, question: Query) {
  return useQuery({
    queryKey: ["datasets", datasetId, "values", field, contains, question],
    queryFn: ({ signal }) =>
      api.get<{ items: ValueCount[] }>(`/datasets/${datasetId}/fields/${encodeURIComponent(field)}/values`, { ...question, contains, limit: 50 }, signal),
    enabled: datasetId !== null,
    placeholderData: (former) => former,
  });
}

/** How many journeys and events a scope keeps: the directly-follows question, shared with the map through the cache. */
export function useDirectlyFollows(datasetId: string | null, question: Query, enabled = true) {
  return useQuery({
    queryKey: ["datasets", datasetId, "directly-follows", question],
    queryFn: ({ signal }) => api.get<DirectlyFollows>(`/datasets/${datasetId}/directly-follows`, question, signal),
    enabled: enabled && datasetId !== null,
    placeholderData: (former) => former,
  });
}

/** Journeys by the day they began, and those that reach the dataset's goal. */
export function useJourneysByDay(datasetId: string, question: Query, enabled = true) {
  return useQuery({
    queryKey: ["datasets", datasetId, "journeys-by-day", question],
    queryFn: ({ signal }) => api.get<JourneysByDay>(`/datasets/${datasetId}/journeys-by-day`, question, signal),
    enabled,
    placeholderData: (former) => former,
  });
}

export function useHome(datasetId: string, question: Query) {
  return useQuery({
    queryKey: ["datasets", datasetId, "home", question],
    queryFn: ({ signal }) => api.get<Home>("/home", { dataset_id: datasetId, ...question }, signal),
    placeholderData: (former) => former,
  });
}

/** One report question; `datasetId` null asks for all public datasets together. */
export function useDailyReport(datasetId: string | null, by: ReportBy, question: Query, enabled = true) {
  return useQuery({
    queryKey: ["datasets", datasetId ?? "public", "daily", by, question],
    queryFn: ({ signal }) => api.get<DailyReport>(datasetId ? `/datasets/${datasetId}/reports/daily` : "/reports/daily", { ...question, by }, signal),
    enabled,
    placeholderData: (former) => former,
  });
}

export function usePeople(enabled = true) {
  return useQuery({ queryKey: ["users"], queryFn: ({ signal }) => allItems<User>("/users", {}, signal), enabled });
}

export function useMappings() {
  return useQuery({ queryKey: ["mappings"], queryFn: ({ signal }) => allItems<Mapping>("/mappings", {}, signal) });
}

export function useImports(query: Query, refetchMs: number | false = false) {
  return useQuery({
    queryKey: ["imports", query],
    queryFn: ({ signal }) => api.get<Page<Import>>("/imports", query, signal),
    refetchInterval: refetchMs,
  });
}

export function useAnalyses(query: Query, refetchMs: number | false = false) {
  return useQuery({
    queryKey: ["analyses", query],
    queryFn: ({ signal }) => api.get<Page<Analysis>>("/analyses", query, signal),
    refetchInterval: refetchMs,
  });
}

/** A change on the server; `touches` are the query keys that must be read again afterwards. */
export function useChange<Input, Answer>(run: (input: Input) => Promise<Answer>, touches: QueryKey[]) {
  const client = useQueryClient();
  return useMutation<Answer, Error, Input>({
    mutationFn: run,
    onSuccess: async () => {
      await Promise.all(touches.map((queryKey) => client.invalidateQueries({ queryKey })));
    },
  });
}

export function signIn(username: string, password: string): Promise<Session> {
  return request<Session>("POST", "/session", { body: { username, password } });
}

export const createDataset = (input: DatasetInput) => api.post<Dataset>("/datasets", input);
