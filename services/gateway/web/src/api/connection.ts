import { useSyncExternalStore } from "react";

let answeredAt = new Date();
let silentSince: string | null = null;
const listeners = new Set<() => void>();

function set(since: string | null): void {
  if (since === silentSince) return;
  silentSince = since;
  for (const listener of listeners) listener();
}

/** Told of every answer of the server, a refusal too. */
export function noteAnswer(): void {
  answeredAt = new Date();
  set(null);
}

/** Told when the server could not be reached. */
export function noteSilence(): void {
  set(silentSince ?? answeredAt.toISOString());
}

/** Asks whether the server is there: after a sign that it is not, such as a broken stream, and until it is back. */
export async function askServer(): Promise<void> {
  try {
    await fetch("/healthz", { cache: "no-store" });
    noteAnswer();
  } catch {
    noteSilence();
  }
}

addEventListener("offline", noteSilence);
addEventListener("online", () => void askServer());

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** The moment of the last answer, ISO 8601, while the server is silent; null while it answers. */
export const useSilentSince = (): string | null => useSyncExternalStore(subscribe, () => silentSince);
