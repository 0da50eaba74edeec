import { renderHook } from "@testing-library/react";
import { beforeAll, expect, it } from "vitest";
import { loadMessages, Messages } from "@/messages";
import type { CardShape, MapMode } from "./draw/scene";
import { useMapWords } from "./mapWords";
import type { Step } from "./model/graph";
import { graphOf } from "./test/samples";

beforeAll(() => loadMessages("explore"));

const graph = graphOf([["home", "cart", "buy"], ["home"]]);
const wordsOf = (mode: MapMode) => renderHook(() => useMapWords(graph, "customer", mode, ["home"]), { wrapper: Messages }).result.current;
const cardOf = (activity: string, wait: number | null) => {
  const step = { ...graph.nodes.find((node) => node.activity === activity), median_next_seconds: wait } as Step;
  return { step } as CardShape;
};

it.each<[MapMode, string, string]>([
  ["frequency", "home: 2 events, 100% of customers, on the main way", "cart: 1 event, 50% of customers"],
  ["time", "home: 2 m median time to next, on the main way", "cart: always last"],
])("says of a step what its card shows: %s", (mode, home, cart) => {
  const words = wordsOf(mode);
  expect(words.cardLabel(cardOf("home", 120))).toBe(home);
  expect(words.cardLabel(cardOf("cart", null))).toBe(cart);
  expect(words.cardLines(cardOf("home", 120))).toEqual(["home", mode === "time" ? "2 m median time to next" : "2 events · 100% of customers"]);
});
