import { Graphviz } from "@hpcc-js/wasm-graphviz";

/** Graphviz in a worker: takes a dot text, answers its places as "plain" text. */
export interface LayoutQuestion {
  id: number;
  dot: string;
}

export type LayoutAnswer = { id: number; plain: string } | { id: number; error: string };

const graphviz = Graphviz.load();

self.onmessage = async ({ data }: MessageEvent<LayoutQuestion>) => {
  let answer: LayoutAnswer;
  try {
    answer = { id: data.id, plain: (await graphviz).layout(data.dot, "plain", "dot") };
  } catch (error) {
    answer = { id: data.id, error: String(error) };
  }
  self.postMessage(answer);
};
