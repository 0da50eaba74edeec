import { useSyncExternalStore } from "react";

/** What a proxy answers for a server that it cannot reach. */
const OF_PROXY = new Set([502, 503, 504]);
let answeredAt = new Date();
let silentSince: string | null = null;
const listeners = new Set<() => void>();

function set(since: string | null): void {
  if (since === silentSince) return;
  silentSince = since;
  for (const listener of listeners) listener();
}

const noteSilence = (): void => set(silentSince ?? answeredAt.toISOString());

/**
 * Fetches, and notes whether the server answered, with a refusal too; what a proxy says in its place is no answer.
 *
 * @throws DOMException when aborted, TypeError when the server cannot be reached.
 */
export async function ask(url: string, options: RequestInit): Promise<Response> {
  try {
    const response = await fetch(url, options);
    const isOurs = response.headers.get("Content-Type")?.startsWith("application/problem+json");
    if (OF_PROXY.has(response.status) && !isOurs) throw new TypeError("The server cannot be reached.");
    answeredAt = new Date();
    set(null);
    return response;
  } catch (error) {
    if (!(error instanceof DOMException && error.name === "AbortError")) noteSilence();
    throw error;
  }
}

/** Asks whether the server is there: after a sign that it is not, such as a broken stream, and until it is back. */
export async function askServer(): Promise<void> {
  await ask("/healthz", { cache: "no-store" }).catch(() => undefined);
}

addEventListener("offline", noteSilence);
addEventListener("online", () => void askServer());

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** The moment of the last answer, ISO 8601, while the server is silent; null while it answers. */
export const useSilentSince = (): string | null => useSyncExternalStore(subscribe, () => silentSince);
