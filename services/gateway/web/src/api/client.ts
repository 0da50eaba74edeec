import { ask } from "./connection";
import type { FieldProblem, Problem } from "./types";

const BASE = "/api/v1";
/** The longest address that the server reads, in bytes. */
const LONGEST_ADDRESS = 65_535;
/** What a proxy answers that reads shorter ones only. */
const TOO_LONG = 414;
const UNSAFE = new Set(["POST", "PUT", "PATCH", "DELETE"]);

/** A refusal by the server, no answer at all (`status` 0, reason `offline`), or an address that none reads (`address_too_long`). */
export class ApiError extends Error {
  readonly status: number;
  readonly reason: string;
  readonly title: string;
  readonly errors: FieldProblem[];
  readonly requestId: string | null;
  readonly retryAfterSeconds: number | null;

  constructor(problem: Problem, retryAfterSeconds: number | null = null) {
    super(problem.detail || problem.title);
    this.status = problem.status;
    this.reason = problem.reason;
    this.title = problem.title;
    this.errors = problem.errors ?? [];
    this.requestId = problem.request_id ?? null;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

let csrfToken: string | null = null;
let onSessionEnded: () => void = () => undefined;
/** One for both ways: a tab does not hear what it says itself. */
const otherTabs = new BroadcastChannel("cjm-session");
const BEGAN = "began";
const ENDED = "ended";

/** Remembers the token that unsafe requests carry; `null` after sign-out. */
export function setCsrfToken(token: string | null): void {
  csrfToken = token;
}

/** Registers what happens when the server, or another tab of this browser, says that nobody is signed in. */
export function whenSessionEnds(action: () => void): void {
  onSessionEnded = action;
  whenOtherTabsSay(ENDED, action);
}

/** Remembers the token of a session that has just begun, and tells all tabs of this browser. */
export function beginSession(token: string): void {
  setCsrfToken(token);
  otherTabs.postMessage(BEGAN);
}

/** Registers what happens when somebody signs in in another tab of this browser; returns how to undo that. */
export function whenSessionBegins(action: () => void): () => void {
  return whenOtherTabsSay(BEGAN, action);
}

function whenOtherTabsSay(word: string, action: () => void): () => void {
  const hear = (event: MessageEvent): void => {
    if (event.data === word) action();
  };
  otherTabs.addEventListener("message", hear);
  return () => otherTabs.removeEventListener("message", hear);
}

/** Ends the session, here and in all tabs of this browser. */
export async function signOut(): Promise<void> {
  await api.delete("/session").catch((error: unknown) => {
    if (!(error instanceof ApiError && error.status === 401)) throw error; // it had ended before
  });
  setCsrfToken(null);
  otherTabs.postMessage(ENDED);
}

export type Query = Record<string, string | number | boolean | null | undefined | readonly string[]>;

/** Builds `/api/v1` + path + query; arrays repeat the key, null and undefined leave it out. */
export function apiUrl(path: string, query: Query = {}): string {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    if (value === null || value === undefined || value === "") continue;
    if (Array.isArray(value)) value.forEach((item: string) => search.append(key, item));
    else search.set(key, String(value));
  }
  const text = search.toString();
  return BASE + path + (text ? `?${text}` : "");
}

export interface RequestOptions {
  query?: Query;
  /** JSON-serialisable value, or FormData sent as it is. */
  body?: unknown;
  signal?: AbortSignal;
}

/**
 * Sends one request and returns the decoded JSON answer (undefined for 204).
 *
 * @throws ApiError when the server refuses or cannot be reached.
 */
export async function request<Answer>(method: string, path: string, options: RequestOptions = {}): Promise<Answer> {
  const response = await send(method, path, options);
  if (response.status === 204) return undefined as Answer;
  return (await response.json()) as Answer;
}

/**
 * Sends one request and returns the answer as it came.
 *
 * @throws ApiError when the server refuses or cannot be reached.
 */
export async function send(method: string, path: string, options: RequestOptions = {}): Promise<Response> {
  const { query, body, signal } = options;
  const headers = new Headers({ Accept: "application/json" });
  if (UNSAFE.has(method) && csrfToken) headers.set("X-CSRF-Token", csrfToken);
  if (body !== undefined && !(body instanceof FormData)) headers.set("Content-Type", "application/json");
  const payload = body === undefined || body instanceof FormData ? body : JSON.stringify(body);
  const address = apiUrl(path, query);
  if (address.length > LONGEST_ADDRESS) throw new ApiError({ type: "about:blank", title: "", status: TOO_LONG, detail: "", reason: "address_too_long" });
  let response: Response;
  try {
    response = await ask(address, { method, headers, body: payload, signal: signal ?? null });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError({ type: "about:blank", title: "", status: 0, detail: "", reason: "offline" });
  }
  if (response.ok) return response;
  const problem = await problemOf(response);
  if (response.status === 401 && path !== "/session") onSessionEnded();
  const retryAfter = Number(response.headers.get("Retry-After"));
  throw new ApiError(problem, Number.isFinite(retryAfter) && retryAfter > 0 ? retryAfter : null);
}

async function problemOf(response: Response): Promise<Problem> {
  const fallback = { type: "about:blank", title: response.statusText, status: response.status, detail: "", reason: response.status === TOO_LONG ? "address_too_long" : "unreadable_answer" };
  try {
    return { ...fallback, ...((await response.json()) as Partial<Problem>) };
  } catch {
    return fallback;
  }
}

export const api = {
  get: <Answer>(path: string, query?: Query, signal?: AbortSignal) =>
    request<Answer>("GET", path, { ...(query && { query }), ...(signal && { signal }) }),
  post: <Answer>(path: string, body?: unknown) => request<Answer>("POST", path, { body }),
  put: <Answer>(path: string, body?: unknown) => request<Answer>("PUT", path, { body }),
  patch: <Answer>(path: string, body?: unknown) => request<Answer>("PATCH", path, { body }),
  delete: (path: string) => request<undefined>("DELETE", path),
};
