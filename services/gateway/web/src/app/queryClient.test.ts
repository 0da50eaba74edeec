// @vitest-environment node
import { expect, it } from "vitest";
import { ApiError } from "@/api/client";
import { datasetsQuery } from "@/api/hooks";
import { queryClient } from "./queryClient";

const refused = (reason: string, status: number) => () => Promise.reject(new ApiError({ type: "", title: "", status, detail: "", reason }));
const isOutdated = (queryKey: readonly unknown[]) => queryClient.getQueryState(queryKey)?.isInvalidated;

it.each([
  ["dataset_not_found", 404, true],
  ["dataset_analysis_not_allowed", 403, true],
  ["period_too_long", 400, false],
])("asks again what a person may see where a question about a dataset was refused: %s", async (reason, status, isAsked) => {
  queryClient.setQueryData(datasetsQuery.queryKey, []);
  queryClient.setQueryData(["datasets", "d1"], {});
  await queryClient.fetchQuery({ queryKey: ["datasets", "d1", "variants"], queryFn: refused(reason, status) }).catch(() => undefined);
  expect([isOutdated(datasetsQuery.queryKey), isOutdated(["datasets", "d1"])]).toEqual([isAsked, isAsked]);
});

it("forgets a dataset that is refused itself", async () => {
  queryClient.setQueryData(["datasets", "d2"], {});
  await queryClient.fetchQuery({ queryKey: ["datasets", "d2"], queryFn: refused("dataset_not_found", 404), staleTime: 0 }).catch(() => undefined);
  expect(queryClient.getQueryData(["datasets", "d2"])).toBeUndefined();
});
