import type { HeuristicsResult, PetriResult, TreeNode } from "@/api/types";
import { Pen, around, boundsOf, rectAround, type Direction, type Drawn, type Point, type Rect } from "../draw/geometry";
import { LABEL_PADDING, placeLabels, type LabelWish, type PlacedLabel } from "../draw/labels";

/** One thing of a model, before it has a place. */
export interface ModelNode {
  kind: "step" | "silent" | "place" | "operator" | "start" | "end";
  /** Step or operator; empty for places and silent ones. */
  text: string;
  /** Events of a step, where the model knows them. */
  count: number | null;
  /** Tokens of a place at the start; true where the model ends. */
  tokens: number;
  isFinal: boolean;
}

export interface ModelLink {
  from: number;
  to: number;
  /** 0-1: how strong the link is; null where the model does not say. */
  strength: number | null;
  /** Moves, or null. */
  count: number | null;
  isArrow: boolean;
}

/** A model as nodes and links by index. */
export interface Model {
  nodes: ModelNode[];
  links: ModelLink[];
}

export interface PlacedNode extends ModelNode {
  center: Point;
  width: number;
  height: number;
}

export interface PlacedLink extends ModelLink, Drawn {
  key: string;
}

export interface ModelDrawing {
  nodes: PlacedNode[];
  links: PlacedLink[];
  bounds: Rect;
  direction: Direction;
  /** Where reading begins. */
  origin: Point;
}

const SIZES: Record<ModelNode["kind"], readonly [width: number, height: number]> = {
  step: [156, 44],
  silent: [30, 12],
  place: [26, 26],
  operator: [124, 30],
  start: [64, 28],
  end: [64, 28],
};
const POINTS_PER_INCH = 72;

const node = (kind: ModelNode["kind"], text = "", more: Partial<ModelNode> = {}): ModelNode => ({
  ...{ kind, text, count: null, tokens: 0, isFinal: false },
  ...more,
});

export function petriModel({ places, transitions, arcs, initial, final }: PetriResult): Model {
  const ids = [...places, ...transitions.map((transition) => transition.id)];
  const index = new Map(ids.map((id, at) => [id, at]));
  const nodes = [
    ...places.map((id) => node("place", "", { tokens: initial[id] ?? 0, isFinal: (final[id] ?? 0) > 0 })),
    ...transitions.map(({ label }) => (label === null ? node("silent") : node("step", label))),
  ];
  const links = arcs.flatMap(({ source, target }): ModelLink[] => {
    const [from, to] = [index.get(source), index.get(target)];
    return from === undefined || to === undefined ? [] : [{ from, to, strength: null, count: null, isArrow: true }];
  });
  return { nodes, links };
}

const isSilent = (tree: TreeNode): boolean => !tree.operator && (tree.activity ?? null) === null;

/**
 * How the page words an operator, and the children it then still needs: a silent child of a choice means "or none", a
 * silent way back of a loop "again", a silent body of a loop "any number of times".
 */
function worded({ operator = "", children = [] }: TreeNode): { word: string; children: TreeNode[] } {
  const loud = children.filter((child) => !isSilent(child));
  if (operator === "xor" && loud.length > 0 && loud.length < children.length) {
    return { word: loud.length === 1 ? "optional" : "xor_or_none", children: loud };
  }
  const [body, back] = children;
  if (operator === "loop" && body && back && children.length === 2 && loud.length === 1) {
    return { word: isSilent(back) ? "again" : "any_times", children: loud };
  }
  return { word: operator, children };
}

export function treeModel(root: TreeNode): Model {
  const model: Model = { nodes: [], links: [] };
  const add = (tree: TreeNode, parent: number | null): void => {
    const at = model.nodes.length;
    const { word, children } = worded(tree);
    if (tree.operator) model.nodes.push(node("operator", word));
    else model.nodes.push(isSilent(tree) ? node("silent") : node("step", tree.activity ?? ""));
    if (parent !== null) model.links.push({ from: parent, to: at, strength: null, count: null, isArrow: false });
    for (const child of children) add(child, at);
  };
  add(root, null);
  return model;
}

export function heuristicsModel({ nodes, edges, starts, ends }: HeuristicsResult): Model {
  const index = new Map(nodes.map(({ activity }, at) => [activity, at]));
  const [start, end] = [nodes.length, nodes.length + 1];
  const most = Math.max(1, ...edges.map((edge) => edge.count));
  const strength = (count: number): number => Math.sqrt(Math.min(1, count / most));
  const link = (from: number | undefined, to: number | undefined, count: number): ModelLink[] =>
    from === undefined || to === undefined ? [] : [{ from, to, count, strength: strength(count), isArrow: true }];
  return {
    nodes: [...nodes.map(({ activity, count }) => node("step", activity, { count })), node("start"), node("end")],
    links: [
      ...Object.entries(starts).flatMap(([activity, count]) => link(start, index.get(activity), count)),
      ...edges.flatMap(({ source, target, count }) => link(index.get(source), index.get(target), count)),
      ...Object.entries(ends).flatMap(([activity, count]) => link(index.get(activity), end, count)),
    ],
  };
}

/** The model as a Graphviz text; node names are indexes. */
export function modelDot(model: Model): string {
  const inches = (px: number): string => (px / POINTS_PER_INCH).toFixed(3);
  const isTree = directionOf(model) === "right";
  return [
    "digraph {",
    // Children of a tree keep their order, which in sequences is their meaning.
    `graph [nodesep=${inches(isTree ? 10 : 20)} ranksep=${inches(isTree ? 36 : 44)}${isTree ? " rankdir=LR ordering=out" : ""}]`,
    'node [shape=box fixedsize=true label=""]',
    "edge [arrowhead=none]",
    // Start stays at the top also where loops lead back over it.
    ...model.nodes.flatMap(({ kind }, at) => (kind === "start" ? [`{rank=source ${at}}`] : [])),
    ...model.nodes.map(({ kind }, at) => {
      const [width, height] = SIZES[kind];
      const round = kind === "place" ? " shape=circle" : "";
      const rank = kind === "start" ? " group=ends" : "";
      return `${at} [width=${inches(width)} height=${inches(height)}${round}${rank}]`;
    }),
    ...model.links.map(({ from, to, strength }) => `${from}->${to}${strength === null ? "" : ` [weight=${1 + Math.round(9 * strength)}]`}`),
    "}",
  ].join("\n");
}

/** A tree reads from left to right like an outline. */
const directionOf = (model: Model): Direction => (model.nodes.some(({ kind }) => kind === "operator") ? "right" : "down");

/** Joins a model with the "plain" output that Graphviz gave for its `modelDot`. */
export function placeModel(model: Model, plain: string): ModelDrawing {
  const nodes: PlacedNode[] = [];
  const links: PlacedLink[] = [];
  const at = (x: string | undefined, y: string | undefined): Point => ({ x: Number(x) * POINTS_PER_INCH, y: -Number(y) * POINTS_PER_INCH });
  const waiting = new Map<string, ModelLink[]>();
  for (const link of model.links) {
    const key = `${link.from} ${link.to}`;
    waiting.set(key, [...(waiting.get(key) ?? []), link]);
  }
  for (const line of plain.split("\n")) {
    const words = line.split(" ");
    if (words[0] === "node") {
      const found = model.nodes[Number(words[1])];
      if (!found) continue;
      const [width, height] = SIZES[found.kind];
      nodes[Number(words[1])] = { ...found, center: at(words[2], words[3]), width, height };
    } else if (words[0] === "edge") {
      const link = waiting.get(`${words[1]} ${words[2]}`)?.shift();
      const count = Number(words[3]);
      const points = Array.from({ length: count }, (_, i) => at(words[4 + 2 * i], words[5 + 2 * i]));
      if (link && points.length >= 4) links.push({ ...link, key: String(links.length), ...curve(points, link.isArrow) });
    }
  }
  const bounds = boundsOf([...nodes.map(rectOf), ...links.map(({ points }) => around(points))]);
  const origin = (nodes.find(({ kind, tokens }) => kind === "start" || tokens > 0) ?? nodes[0])?.center ?? { x: 0, y: 0 };
  return { nodes, links, bounds, direction: directionOf(model), origin };
}

const rectOf = ({ center, width, height }: PlacedNode): Rect => rectAround(center, width, height);

/** How numbers stand on links: their text and its width, px. */
export interface LabelStyle {
  textOf: (count: number) => string;
  measure: (text: string) => number;
}

/** Numbers of the links, the largest first, as far as they find room beside each other, the nodes and foreign links. */
export function linkLabels({ nodes, links }: ModelDrawing, style: LabelStyle): PlacedLabel[] {
  const lines = new Map(links.map(({ key, points }) => [key, points]));
  const sorted = links.toSorted((a, b) => (b.count ?? 0) - (a.count ?? 0));
  return placeLabels(sorted.flatMap((link) => wishOf(link, style)), lines, nodes.map(rectOf));
}

/** The number of a link as if no other were there: always somewhere, so that a link pointed at shows it. */
export function ownLabel({ nodes }: ModelDrawing, link: PlacedLink, style: LabelStyle): PlacedLabel | undefined {
  const [wish] = wishOf(link, style);
  return wish && [...placeLabels([wish], new Map(), nodes.map(rectOf)), ...placeLabels([wish], new Map(), [])][0];
}

function wishOf({ key, count, points, tip }: PlacedLink, { textOf, measure }: LabelStyle): LabelWish[] {
  if (count === null) return [];
  const text = textOf(count);
  return [{ key, text, points, head: rectAround(tip, 2 * ARROW_PX, 2 * ARROW_PX), width: measure(text) + LABEL_PADDING }];
}

export const ARROW_PX = 7;

/** A Bézier curve from Graphviz, shortened so that its arrowhead ends where the curve did. */
function curve(points: readonly Point[], isArrow: boolean): Drawn {
  const tip = points.at(-1) as Point;
  const before = [...points].reverse().find((point) => Math.hypot(tip.x - point.x, tip.y - point.y) > 0.5) ?? tip;
  const radians = Math.atan2(tip.y - before.y, tip.x - before.x);
  const end = isArrow ? { x: tip.x - Math.cos(radians) * ARROW_PX, y: tip.y - Math.sin(radians) * ARROW_PX } : tip;
  const drawn = [...points.slice(0, -1), end];
  const pen = new Pen(drawn[0] as Point, "down");
  for (let i = 1; i + 2 < drawn.length; i += 3) pen.curveTo(...(drawn.slice(i, i + 3) as [Point, Point, Point]));
  return pen.end(tip, (radians * 180) / Math.PI);
}
