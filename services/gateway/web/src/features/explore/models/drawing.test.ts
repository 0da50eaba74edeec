import { Graphviz } from "@hpcc-js/wasm-graphviz";
import { describe, expect, it } from "vitest";
import { overlaps, rectAround } from "../draw/geometry";
import { randomOf } from "../test/samples";
import { heuristicsModel, linkLabels, modelDot, ownLabel, placeModel, type Model, type ModelDrawing } from "./drawing";

const STYLE = { textOf: String, measure: (text: string) => text.length * 7 };
const LABEL_HEIGHT = 15;

async function drawn(model: Model): Promise<ModelDrawing> {
  const graphviz = await Graphviz.load();
  return placeModel(model, graphviz.layout(modelDot(model), "plain", "dot"));
}

/** A heuristics net in which most steps lead to most others, also back and to themselves. */
function denseNet(seed: number): Promise<ModelDrawing> {
  const random = randomOf(seed);
  const steps = Array.from({ length: 12 }, (_, at) => `s${at}`);
  const some = (share: number): string[] => steps.filter(() => random() < share);
  const count = (): number => 1 + Math.floor(random() * 900);
  const model = heuristicsModel({
    nodes: steps.map((activity) => ({ activity, count: count() })),
    edges: steps.flatMap((source) => some(0.7).map((target) => ({ source, target, count: count(), dependency_ratio: 0.8 }))),
    starts: Object.fromEntries(some(0.8).map((step) => [step, count()])),
    ends: Object.fromEntries(some(0.8).map((step) => [step, count()])),
  });
  return drawn(model);
}

describe.each([1, 2, 3])("a dense heuristics net (%i)", (seed) => {
  it("has no number on another number or on a box", async () => {
    const drawing = await denseNet(seed);
    const rects = linkLabels(drawing, STYLE).map(({ center, width }) => rectAround(center, width, LABEL_HEIGHT));
    expect(rects.length).toBeGreaterThan(12);
    const boxes = drawing.nodes.map(({ center, width, height }) => rectAround(center, width, height));
    rects.forEach((rect, index) => {
      expect(rects.slice(index + 1).filter((other) => overlaps(rect, other))).toEqual([]);
      expect(boxes.filter((box) => overlaps(rect, box))).toEqual([]);
    });
  });

  it("has a number for every link that is pointed at, also where there is no room beside the others", async () => {
    const drawing = await denseNet(seed);
    expect(linkLabels(drawing, STYLE).length).toBeLessThan(drawing.links.length);
    expect(drawing.links.map((link) => ownLabel(drawing, link, STYLE)?.text)).toEqual(drawing.links.map((link) => String(link.count)));
  });
});

it("begins with Start, above all steps, also where journeys begin in the middle of a loop", async () => {
  const steps = ["a", "b", "c"].map((activity) => ({ activity, count: 3 }));
  const edges = ["ab", "bc", "ca"].map(([source = "", target = ""]) => ({ source, target, count: 3, dependency_ratio: 0.8 }));
  const { nodes, origin } = await drawn(heuristicsModel({ nodes: steps, edges, starts: { c: 3 }, ends: { c: 3 } }));
  const start = nodes.find(({ kind }) => kind === "start");
  expect(start?.center).toEqual(origin);
  expect(nodes.filter((node) => node !== start && node.center.y <= origin.y)).toEqual([]);
});
