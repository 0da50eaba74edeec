import { QueryObserver } from "@tanstack/react-query";
import { screen, waitFor } from "@testing-library/react";
import { afterEach, beforeAll, beforeEach, expect, it, vi } from "vitest";
import { api } from "@/api/client";
import { askServer } from "@/api/connection";
import { quietClient, showAt } from "@/test-page";
import { OfflineBar } from "./OfflineBar";

const bar = /^No connection\. Showing data from /;
const silence = { isThere: false, answer: () => Promise.reject<Response>(new TypeError("failed")) };
const ofProxy = (status: number) => ({ isThere: false, answer: () => Promise.resolve(new Response("<html>", { status, headers: { "Content-Type": "text/html" } })) });
let server = { ...silence, isThere: true };

const question = () => api.get("/datasets").catch(() => undefined);

beforeAll(() => {
  vi.stubGlobal("matchMedia", () => ({ matches: false, addEventListener: vi.fn(), removeEventListener: vi.fn() }));
});
beforeEach(() => {
  vi.useFakeTimers({ shouldAdvanceTime: true });
  server = { ...silence, isThere: true };
  vi.spyOn(globalThis, "fetch").mockImplementation(() => (server.isThere ? Promise.resolve(Response.json({})) : server.answer()));
});
afterEach(() => vi.useRealTimers());

it.each([
  ["a question", silence, question],
  ["what a broken stream leads to", silence, askServer],
  ["a question that a proxy answers", ofProxy(502), question],
  ["a broken stream and a proxy", ofProxy(503), askServer],
  ["a proxy that waited long enough", ofProxy(504), question],
])("says since when the server is silent, by %s, and asks again for what is shown once it is back", async (_, gone, sign) => {
  const client = quietClient();
  const answer = vi.fn(() => Promise.resolve(1));
  const stop = new QueryObserver(client, { queryKey: ["shown"], queryFn: answer, initialData: 0 }).subscribe(() => undefined);
  showAt("/", <OfflineBar />, client);
  await screen.findAllByRole("status");
  expect(screen.queryByText(bar)).toBeNull();
  server = gone;
  await sign();
  expect(await screen.findByText(bar)).toBeTruthy();
  expect(answer).not.toHaveBeenCalled();
  server = { ...gone, isThere: true };
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

it("takes a refusal of the server itself for an answer", async () => {
  showAt("/", <OfflineBar />, quietClient());
  await screen.findAllByRole("status");
  const problem = JSON.stringify({ type: "about:blank", title: "", status: 503, reason: "bus_unavailable", detail: "Try again." });
  vi.spyOn(globalThis, "fetch").mockResolvedValue(new Response(problem, { status: 503, headers: { "Content-Type": "application/problem+json" } }));
  await expect(api.get("/datasets")).rejects.toMatchObject({ status: 503, reason: "bus_unavailable" });
  expect(screen.queryByText(bar)).toBeNull();
});
