import { QueryClientProvider, QueryObserver } from "@tanstack/react-query";
import { act, renderHook } from "@testing-library/react";
import { expect, it, vi } from "vitest";
import { datasetsQuery } from "@/api/hooks";
import type { Dataset } from "@/api/types";
import { quietClient } from "@/test-page";
import { useChangedDatasets } from "./changedDatasets";

const list = (version: string, isPublic: boolean, name = "Shop") =>
  [{ id: "a", name, version, is_public: isPublic }, { id: "b", version: "1", is_public: true }] as Dataset[];

it.each([true, false])("asks again about a dataset that has changed, and about all public ones if it is one: %s", async (isPublic) => {
  const client = quietClient();
  client.setQueryData(datasetsQuery.queryKey, list("1", isPublic));
  const questions = [["datasets", "a", "home"], ["datasets", "b", "home"], ["datasets", "public", "daily"]];
  for (const question of questions) client.setQueryData(question, {});
  const isStale = () => questions.map((question) => client.getQueryState(question)?.isInvalidated);
  renderHook(useChangedDatasets, { wrapper: ({ children }) => <QueryClientProvider client={client}>{children}</QueryClientProvider> });
  expect(isStale()).toEqual([false, false, false]);

  // What is on its way already is of the new version.
  const asked = vi.fn(() => new Promise<never>(() => undefined));
  const stop = new QueryObserver(client, { queryKey: ["datasets", "a", "quality", "2"], queryFn: asked }).subscribe(() => undefined);
  await act(async () => {
    client.setQueryData(datasetsQuery.queryKey, list("2", isPublic));
    await new Promise((resolve) => setTimeout(resolve));
  });
  expect(isStale()).toEqual([true, false, isPublic]);
  expect(asked).toHaveBeenCalledOnce();
  stop();
});

it("asks again about a dataset with another name", async () => {
  const client = quietClient();
  client.setQueryData(datasetsQuery.queryKey, list("1", false));
  client.setQueryData(["datasets", "a"], {});
  renderHook(useChangedDatasets, { wrapper: ({ children }) => <QueryClientProvider client={client}>{children}</QueryClientProvider> });
  await act(async () => {
    client.setQueryData(datasetsQuery.queryKey, list("1", false, "Till"));
    await new Promise((resolve) => setTimeout(resolve));
  });
  expect(client.getQueryState(["datasets", "a"])?.isInvalidated).toBe(true);
});
