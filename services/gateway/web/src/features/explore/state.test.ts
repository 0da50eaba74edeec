import { describe, expect, it } from "vitest";
import { preferDirection, preferredDirection } from "./direction";
import { rectAround } from "./draw/geometry";
import type { Scene } from "./draw/scene";
import { neighbourOf } from "./map/keys";
import { fitted, isInside, revealed } from "./map/view";
import { readMapState, readSelection, writeMapState, writeSelection, type Selection } from "./state";
import { toCsv } from "./csv";
import { heuristicsModel, modelDot, petriModel, placeModel, treeModel } from "./models/drawing";

describe("address", () => {
  it.each<Selection>([
    { kind: "step", step: "Cart" },
    { kind: "step", step: "a > b \\ c" },
    { kind: "path", source: "a>b", target: "c\\" },
  ])("keeps the selection %j", (selection) => {
    expect(readSelection(writeSelection(selection))).toEqual(selection);
  });

  it("keeps steps, paths, mode, direction, table and view, and forgets what is not set", () => {
    const state = { steps: 11, paths: 0.55, mode: "time", direction: "right", selection: null, isTable: true, view: { x: 1.5, y: -20, scale: 0.74 } } as const;
    const written = writeMapState(state);
    expect(readMapState(written)).toEqual(state);
    expect(written["dir"]).toBe("lr");
    expect(writeMapState({ mode: "frequency", view: null, direction: null })).toEqual({ m: undefined, z: undefined, dir: undefined });
  });

  it("ignores nonsense", () => {
    expect(readMapState({ steps: "many", paths: "7", z: "1,2", sel: ">", m: "x", dir: "up" })).toEqual({
      ...{ steps: null, paths: null, mode: "frequency", direction: null, selection: null, isTable: false, view: null },
    });
    expect(readMapState({ z: "1,2,Infinity" }).view).toBeNull();
  });
});

describe("direction of the map", () => {
  it("is kept in the browser, top-down until somebody chose", () => {
    localStorage.clear();
    expect(preferredDirection()).toBe("down");
    preferDirection("right");
    expect(preferredDirection()).toBe("right");
  });

  it("decides which step is next to which", () => {
    const at = (activity: string, x: number, y: number) => ({ step: { activity }, box: { x, y } });
    const scene = { cards: [at("low", 0, 200), at("top", 0, 0), at("right", 300, 0)] } as unknown as Scene;
    expect([neighbourOf(scene, "top", 1, "down"), neighbourOf(scene, "top", 1, "right")]).toEqual(["right", "low"]);
    expect([neighbourOf(scene, "top", -1, "down"), neighbourOf(scene, "low", 1, "down")]).toEqual([null, null]);
  });
});

describe("camera", () => {
  const insets = { top: 10, right: 10, bottom: 10, left: 10 };
  it("shows everything when it fits", () => {
    const bounds = { left: -100, right: 100, top: 0, bottom: 200 };
    const size = { width: 1000, height: 800 };
    const small = fitted(bounds, size, insets, 0.74, "down");
    expect(small.k).toBeGreaterThan(0.74);
    expect(isInside(small, bounds, size, insets)).toBe(true);
  });

  it("else starts at the top, the spine in the middle and its cards wholly in sight", () => {
    const size = { width: 360, height: 600 };
    const card = rectAround({ x: 0, y: 100 }, 156, 52);
    const tall = fitted({ left: -900, right: 400, top: -20, bottom: 4000 }, size, insets, 0.68, "down");
    expect(tall.k).toBe(0.68);
    expect(-20 * tall.k + tall.y).toBeCloseTo(10);
    expect(tall.x).toBe(180);
    expect(isInside(tall, card, size, insets)).toBe(true);
    const oneSided = fitted({ left: -900, right: 120, top: -20, bottom: 4000 }, size, insets, 0.68, "down");
    expect(120 * oneSided.k + oneSided.x).toBeCloseTo(350);
    expect(isInside(oneSided, card, size, insets)).toBe(true);
  });

  it("or at the left when time runs to the right", () => {
    const wide = fitted({ left: -20, right: 4000, top: -900, bottom: 500 }, { width: 600, height: 400 }, insets, 0.74, "right");
    expect([-20 * wide.k + wide.x, wide.y]).toEqual([10, 200]);
  });

  it("moves a drawing that is a little too long into the margin before it, a longer one stays at its top", () => {
    const size = { width: 400, height: 400 };
    const at = (bottom: number) => fitted({ left: -50, right: 50, top: 0, bottom }, size, insets, 1, "down");
    expect(at(386)).toMatchObject({ k: 1, y: 4 });
    expect(at(387)).toMatchObject({ k: 1, y: 10 });
  });

  it("moves only as far as a step needs to be in sight", () => {
    const size = { width: 400, height: 400 };
    const still = { x: 0, y: 0, k: 1 };
    expect(revealed(still, { left: 50, right: 100, top: 50, bottom: 100 }, size, insets)).toEqual(still);
    expect(revealed(still, { left: 50, right: 100, top: 450, bottom: 500 }, size, insets).y).toBe(-110);
  });
});

describe("csv", () => {
  it("quotes, and defuses what a spreadsheet would run", () => {
    expect(
      toCsv(
        ["a", "b"],
        [
          ['x,"y"', 1.5],
          ["=1+1", null],
        ],
      ),
    ).toBe('a,b\r\n"x,""y""",1.5\r\n\'=1+1,\r\n');
  });
});

describe("models", () => {
  it("a Petri net keeps its places, silent transitions, tokens and ends", () => {
    const model = petriModel({
      ...{
        places: ["p0", "p1"],
        transitions: [
          { id: "t", label: "a" },
          { id: "u", label: null },
        ],
        initial: { p0: 1 },
        final: { p1: 1 },
      },
      arcs: [
        { source: "p0", target: "t" },
        { source: "t", target: "p1" },
        { source: "p0", target: "u" },
        { source: "u", target: "p1" },
      ],
    });
    expect(model.nodes.map((node) => node.kind)).toEqual(["place", "place", "step", "silent"]);
    expect(model.nodes[0]?.tokens).toBe(1);
    expect(model.nodes[1]?.isFinal).toBe(true);
    expect(model.links).toHaveLength(4);
  });

  it("a tree says optional and repeated parts in words", () => {
    const model = treeModel({
      operator: "sequence",
      children: [
        { operator: "xor", children: [{ activity: null }, { activity: "a" }] },
        { operator: "loop", children: [{ activity: "b" }, {}] },
      ],
    });
    expect(model.nodes.map((node) => node.text)).toEqual(["sequence", "optional", "a", "again", "b"]);
    expect(model.nodes.some((node) => node.kind === "silent")).toBe(false);
  });

  it("a heuristics net is joined to Start and End, and drawn where Graphviz says", () => {
    const model = heuristicsModel({
      ...{
        nodes: [
          { activity: "a", count: 5 },
          { activity: "b", count: 4 },
        ],
        starts: { a: 5 },
        ends: { b: 4 },
      },
      edges: [{ source: "a", target: "b", count: 4, dependency_ratio: 0.8 }],
    });
    expect(model.links.map((link) => [link.from, link.to, link.count])).toEqual([
      [2, 0, 5],
      [0, 1, 4],
      [1, 3, 4],
    ]);
    expect(modelDot(model)).toContain("0->1");
    // A number and the head of an arrow fit between two steps.
    expect(Number(/ranksep=([\d.]+)/.exec(modelDot(model))?.[1]) * 72).toBeGreaterThanOrEqual(43);
    const drawing = placeModel(model, "graph 1 1 1\nnode 0 1 2 1 1\nnode 1 1 1 1 1\nedge 0 1 4 1 1.7 1 1.6 1 1.4 1 1.3 solid black\nstop");
    expect(drawing.links[0]).toMatchObject({ count: 4, angle: 90, tip: { x: 72 } });
    expect(drawing.nodes).toHaveLength(2);
  });
});
