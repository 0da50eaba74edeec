import { waitFor } from "@testing-library/react";
import { afterEach, expect, it, vi } from "vitest";
import { api, ApiError, apiUrl, beginSession, setCsrfToken, signOut, whenSessionBegins, whenSessionEnds } from "./client";

const answer = (status: number, body: unknown, headers: Record<string, string> = {}): Response =>
  new Response(status === 204 ? null : JSON.stringify(body), { status, headers });

function serve(response: () => Response) {
  const fetched = vi.fn<typeof fetch>(() => Promise.resolve(response()));
  vi.stubGlobal("fetch", fetched);
  return fetched;
}

afterEach(() => {
  vi.unstubAllGlobals();
  setCsrfToken(null);
  whenSessionEnds(() => undefined);
});

it("repeats list parameters and leaves out what is not set", () => {
  expect(apiUrl("/x", { f: ["a:1", "b:2"], from: null, limit: 5, empty: "" })).toBe("/api/v1/x?f=a%3A1&f=b%3A2&limit=5");
});

it("sends the CSRF token with unsafe requests only", async () => {
  const fetched = serve(() => answer(200, {}));
  setCsrfToken("secret");
  await api.get("/me");
  await api.post("/datasets", { name: "x" });
  const tokens = fetched.mock.calls.map(([, options]) => new Headers(options?.headers).get("X-CSRF-Token"));
  expect(tokens).toEqual([null, "secret"]);
  expect(fetched.mock.calls[1]?.[1]?.body).toBe('{"name":"x"}');
});

it("turns a problem into an error with its reason, fields, id and waiting time", async () => {
  const errors = [{ field: "name", reason: "dataset_name_taken", detail: "Taken." }];
  serve(() => answer(429, { title: "Too many", status: 429, detail: "Wait.", reason: "too_many_attempts", errors, request_id: "r1" }, { "Retry-After": "30" }));
  const error: unknown = await api.post("/session", {}).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(ApiError);
  expect(error).toMatchObject({ status: 429, reason: "too_many_attempts", message: "Wait.", errors, requestId: "r1", retryAfterSeconds: 30 });
});

it("says when there is no connection and when an answer cannot be read", async () => {
  vi.stubGlobal("fetch", () => Promise.reject(new TypeError("failed")));
  await expect(api.get("/me")).rejects.toMatchObject({ status: 0, reason: "offline" });
  vi.stubGlobal("fetch", () => Promise.resolve(new Response("<html>", { status: 500 })));
  await expect(api.get("/me")).rejects.toMatchObject({ status: 500, reason: "unreadable_answer" });
});

it("reports the end of the session, but not a wrong password", async () => {
  const ended = vi.fn();
  whenSessionEnds(ended);
  serve(() => answer(401, { reason: "unauthenticated", status: 401, title: "", detail: "" }));
  await api.post("/session", {}).catch(() => undefined);
  expect(ended).not.toHaveBeenCalled();
  await api.get("/datasets").catch(() => undefined);
  expect(ended).toHaveBeenCalledOnce();
});

it("tells the other tabs that the session is over, and hears it from them", async () => {
  const [ended, heard] = [vi.fn(), vi.fn()];
  const otherTab = new BroadcastChannel("cjm-session");
  otherTab.onmessage = ({ data }) => void heard(data);
  whenSessionEnds(ended);
  serve(() => answer(204, null));
  await signOut();
  await waitFor(() => expect(heard.mock.calls).toEqual([["ended"]]));
  expect(ended).not.toHaveBeenCalled();
  otherTab.postMessage("ended");
  await waitFor(() => expect(ended).toHaveBeenCalledOnce());
  otherTab.close();
});

it("tells the other tabs that a session has begun, and hears it from them until it is undone", async () => {
  const [began, heard] = [vi.fn(), vi.fn()];
  const otherTab = new BroadcastChannel("cjm-session");
  otherTab.onmessage = ({ data }) => void heard(data);
  const undo = whenSessionBegins(began);
  beginSession("token");
  await waitFor(() => expect(heard.mock.calls).toEqual([["began"]]));
  expect(began).not.toHaveBeenCalled();
  otherTab.postMessage("began");
  await waitFor(() => expect(began).toHaveBeenCalledOnce());
  undo();
  const ended = vi.fn();
  whenSessionEnds(ended);
  otherTab.postMessage("began");
  otherTab.postMessage("ended");
  await waitFor(() => expect(ended).toHaveBeenCalledOnce());
  expect(began).toHaveBeenCalledOnce();
  otherTab.close();
});

it("signs out also where the session has ended before, but not where the server cannot be reached", async () => {
  serve(() => answer(401, { reason: "unauthenticated", status: 401, title: "", detail: "" }));
  await signOut();
  vi.stubGlobal("fetch", () => Promise.reject(new TypeError("failed")));
  await expect(signOut()).rejects.toMatchObject({ reason: "offline" });
});

it("gives nothing for an answer without content", async () => {
  serve(() => answer(204, null));
  await expect(api.delete("/session")).resolves.toBeUndefined();
});

it("sends no question whose address the server would not read", async () => {
  const fetched = serve(() => answer(200, {}));
  const longest = 65_535 - "/api/v1/x?activity=".length;
  await api.get("/x", { activity: ["a".repeat(longest)] });
  const error: unknown = await api.get("/x", { activity: ["a".repeat(longest + 1)] }).catch((caught: unknown) => caught);
  expect(error).toMatchObject({ reason: "address_too_long", status: 414 });
  expect(fetched).toHaveBeenCalledTimes(1);
});

it("knows the 414 of a proxy that reads shorter addresses", async () => {
  serve(() => new Response("<html>", { status: 414 }));
  const error: unknown = await api.get("/x").catch((caught: unknown) => caught);
  expect(error).toMatchObject({ reason: "address_too_long" });
});
