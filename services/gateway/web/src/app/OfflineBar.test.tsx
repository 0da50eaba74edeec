import { QueryObserver } from "@tanstack/react-query";
import { screen, waitFor } from "@testing-library/react";
import { afterEach, beforeAll, beforeEach, expect, it, vi } from "vitest";
import { api } from "@/api/client";
import { askServer } from "@/api/connection";
import { quietClient, showAt } from "@/test-page";
import { OfflineBar } from "./OfflineBar";

const bar = /^No connection\. Showing data from /;
const server = { isThere: true };

beforeAll(() => {
  vi.stubGlobal("matchMedia", () => ({ matches: false, addEventListener: vi.fn(), removeEventListener: vi.fn() }));
});
beforeEach(() => {
  vi.useFakeTimers({ shouldAdvanceTime: true });
  server.isThere = true;
  vi.spyOn(globalThis, "fetch").mockImplementation(() => (server.isThere ? Promise.resolve(Response.json({})) : Promise.reject(new TypeError("failed"))));
});
afterEach(() => vi.useRealTimers());

it.each([
  ["a question", () => api.get("/datasets").catch(() => undefined)],
  ["what a broken stream leads to", askServer],
])("says since when the server is silent, by %s, and asks again for what is shown once it is back", async (_, sign) => {
  const client = quietClient();
  const answer = vi.fn(() => Promise.resolve(1));
  const stop = new QueryObserver(client, { queryKey: ["shown"], queryFn: answer, initialData: 0 }).subscribe(() => undefined);
  showAt("/", <OfflineBar />, client);
  await screen.findAllByRole("status");
  expect(screen.queryByText(bar)).toBeNull();
  server.isThere = false;
  await sign();
  expect(await screen.findByText(bar)).toBeTruthy();
  expect(answer).not.toHaveBeenCalled();
  server.isThere = true;
  await vi.advanceTimersByTimeAsync(3000);
  await waitFor(() => expect(screen.queryByText(bar)).toBeNull());
  expect(answer).toHaveBeenCalledOnce();
  stop();
});

it("hears from the browser that there is no network", async () => {
  showAt("/", <OfflineBar />, quietClient());
  await screen.findAllByRole("status");
  dispatchEvent(new Event("offline"));
  expect(await screen.findByText(bar)).toBeTruthy();
  dispatchEvent(new Event("online"));
  await waitFor(() => expect(screen.queryByText(bar)).toBeNull());
});
