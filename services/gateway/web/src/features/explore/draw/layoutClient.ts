import type { Direction } from "./geometry";
import { dotOf, placeWithDagre, readPlain, type Places, type Rooms } from "./place";
import type { LayoutAnswer } from "./layout.worker";
import type { Skeleton } from "./skeleton";

const PATIENCE_MS = 20_000;
const KEPT_LAYOUTS = 60;

let worker: Worker | null = null;
let questions = 0;
const waiting = new Map<number, { resolve: (plain: string) => void; reject: (reason: Error) => void }>();
const done = new Map<string, Promise<string>>();

function startWorker(): Worker {
  const started = new Worker(new URL("./layout.worker.ts", import.meta.url), { type: "module" });
  started.onmessage = ({ data }: MessageEvent<LayoutAnswer>) => {
    const asked = waiting.get(data.id);
    waiting.delete(data.id);
    if ("plain" in data) asked?.resolve(data.plain);
    else asked?.reject(new Error(data.error));
  };
  started.onerror = (event) => {
    for (const asked of waiting.values()) asked.reject(new Error(event.message || "The layout worker failed."));
    waiting.clear();
    worker = null;
  };
  return started;
}

/** Starts loading Graphviz, so that the first layout does not wait for it. */
export function warmUpLayout(): void {
  worker ??= startWorker();
}

/**
 * Graphviz "plain" output of a dot text; equal texts are laid out once.
 *
 * @throws Error when WebAssembly or the worker is not available, or gives no answer within 20 s.
 */
export function graphvizPlain(dot: string): Promise<string> {
  const known = done.get(dot);
  if (known) return known;
  const answer = new Promise<string>((resolve, reject) => {
    worker ??= startWorker();
    questions += 1;
    const id = questions;
    const timer = setTimeout(() => {
      waiting.delete(id);
      reject(new Error("The layout took too long."));
    }, PATIENCE_MS);
    waiting.set(id, {
      resolve: (plain) => (clearTimeout(timer), resolve(plain)),
      reject: (reason) => (clearTimeout(timer), reject(reason)),
    });
    worker.postMessage({ id, dot });
  });
  done.set(dot, answer);
  answer.catch(() => done.delete(dot));
  const oldest = done.keys().next().value;
  if (done.size > KEPT_LAYOUTS && oldest !== undefined) done.delete(oldest);
  return answer;
}

/** Places of a skeleton by Graphviz, or by dagre where Graphviz cannot run. */
export async function placesOf(skeleton: Skeleton, direction: Direction, rooms: Rooms): Promise<Places> {
  let plain: string;
  try {
    plain = await graphvizPlain(dotOf(skeleton, direction, rooms));
  } catch {
    return placeWithDagre(skeleton, direction, rooms);
  }
  return readPlain(plain, skeleton, direction);
}
