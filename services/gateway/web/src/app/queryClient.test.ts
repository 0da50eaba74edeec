import { waitFor } from "@testing-library/react";
import { QueryObserver } from "@tanstack/react-query";
import { expect, it, vi } from "vitest";
import { ApiError } from "@/api/client";
import { datasetsQuery, meQuery } from "@/api/hooks";
import { queryClient } from "./queryClient";

const refused = (reason: string, status: number) => () => Promise.reject(new ApiError({ type: "", title: "", status, detail: "", reason }));
const isOutdated = (queryKey: readonly unknown[]) => queryClient.getQueryState(queryKey)?.isInvalidated;

it.each([
  ["dataset_not_found", 404, true],
  ["dataset_analysis_not_allowed", 403, true],
  ["admin_required", 403, true],
  ["period_too_long", 400, false],
])("asks again what a person may see where a question about a dataset was refused: %s", async (reason, status, isAsked) => {
  queryClient.setQueryData(datasetsQuery.queryKey, []);
  queryClient.setQueryData(meQuery.queryKey, {} as never);
  queryClient.setQueryData(["datasets", "d1"], {});
  await queryClient.fetchQuery({ queryKey: ["datasets", "d1", "variants"], queryFn: refused(reason, status) }).catch(() => undefined);
  expect([meQuery.queryKey, datasetsQuery.queryKey, ["datasets", "d1"]].map(isOutdated)).toEqual([isAsked, isAsked, isAsked]);
});

it("asks again what a person may do where a change was refused", async () => {
  queryClient.setQueryData(meQuery.queryKey, {} as never);
  const change = queryClient.getMutationCache().build(queryClient, { mutationFn: refused("admin_required", 403) });
  await change.execute(undefined).catch(() => undefined);
  expect(isOutdated(meQuery.queryKey)).toBe(true);
});

it("does not ask for ever where the rights themselves are refused", async () => {
  const asked = vi.spyOn(queryClient, "invalidateQueries");
  await queryClient.fetchQuery({ queryKey: datasetsQuery.queryKey, queryFn: refused("signed_out", 403), staleTime: 0 }).catch(() => undefined);
  expect(asked).not.toHaveBeenCalled();
  asked.mockRestore();
});

it.each([meQuery, datasetsQuery])("asks again when the window is looked at again, however new the answer is", async (query) => {
  const fetched = vi.spyOn(globalThis, "fetch").mockImplementation(() => Promise.resolve(Response.json({ items: [], next_cursor: null, csrf_token: "" })));
  queryClient.setQueryData(query.queryKey, {} as never);
  queryClient.mount();
  const stop = new QueryObserver(queryClient, queryClient.defaultQueryOptions(query as never)).subscribe(() => undefined);
  expect(fetched).not.toHaveBeenCalled();
  dispatchEvent(new Event("focus"));
  await waitFor(() => expect(fetched).toHaveBeenCalledOnce());
  stop();
  queryClient.unmount();
  fetched.mockRestore();
});

it("forgets a dataset that is refused itself", async () => {
  queryClient.setQueryData(["datasets", "d2"], {});
  await queryClient.fetchQuery({ queryKey: ["datasets", "d2"], queryFn: refused("dataset_not_found", 404), staleTime: 0 }).catch(() => undefined);
  expect(queryClient.getQueryData(["datasets", "d2"])).toBeUndefined();
});
