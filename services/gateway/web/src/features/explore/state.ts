import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback, useMemo } from "react";
import type { AppSearch } from "@/shared/search";
import { directionCode, readDirection } from "./direction";
import type { Direction } from "./draw/geometry";
import type { MapMode } from "./draw/scene";

/** What is selected on the map. */
export type Selection = { kind: "step"; step: string } | { kind: "path"; source: string; target: string };

/** Middle of the visible part of the drawing and its scale. */
export interface ViewRect {
  x: number;
  y: number;
  scale: number;
}

/** The part of the address that belongs to the map; null = not chosen, the default counts. */
export interface MapState {
  steps: number | null;
  paths: number | null;
  mode: MapMode;
  direction: Direction | null;
  selection: Selection | null;
  isTable: boolean;
  view: ViewRect | null;
}

const escaped = (text: string): string => text.replace(/[\\>]/g, "\\$&");

/** `Cart` for a step, `Cart>Purchase` for a path; `\` and `>` inside names are escaped. */
export function writeSelection(selection: Selection): string {
  return selection.kind === "step" ? escaped(selection.step) : `${escaped(selection.source)}>${escaped(selection.target)}`;
}

export function readSelection(text: string): Selection | null {
  let part = "";
  const parts: string[] = [];
  for (let i = 0; i < text.length; i += 1) {
    const letter = text.charAt(i);
    if (letter === ">") {
      parts.push(part);
      part = "";
    } else part += letter === "\\" ? text.charAt((i += 1)) : letter;
  }
  parts.push(part);
  const [first, second, ...more] = parts;
  if (!first || more.length > 0) return null;
  if (second === undefined) return { kind: "step", step: first };
  return second ? { kind: "path", source: first, target: second } : null;
}

function numberIn(text: unknown, low: number, high: number): number | null {
  const value = typeof text === "string" && text !== "" ? Number(text) : NaN;
  return value >= low && value <= high ? value : null;
}

export function readMapState(search: AppSearch): MapState {
  const steps = numberIn(search["steps"], 1, 10_000);
  const [x, y, scale] = (typeof search["z"] === "string" ? search["z"] : "").split(",").map(Number);
  const hasView = [x, y, scale].every(Number.isFinite) && scale !== undefined && scale > 0;
  return {
    steps: steps === null ? null : Math.round(steps),
    paths: numberIn(search["paths"], 0, 1),
    mode: search["m"] === "time" ? "time" : "frequency",
    direction: readDirection(search["dir"]),
    selection: typeof search["sel"] === "string" ? readSelection(search["sel"]) : null,
    isTable: search["view"] === "table",
    view: hasView ? { x: x as number, y: y as number, scale } : null,
  };
}

const WRITERS: { [Key in keyof MapState]: (value: MapState[Key]) => [string, string | undefined] } = {
  steps: (value) => ["steps", value?.toString()],
  paths: (value) => ["paths", value?.toString()],
  mode: (value) => ["m", value === "time" ? "time" : undefined],
  direction: (value) => ["dir", value ? directionCode(value) : undefined],
  selection: (value) => ["sel", value ? writeSelection(value) : undefined],
  isTable: (value) => ["view", value ? "table" : undefined],
  view: (value) => ["z", value ? [value.x, value.y, value.scale].map((part) => +part.toFixed(3)).join(",") : undefined],
};

/** The changed keys of the address. */
export function writeMapState(change: Partial<MapState>): Record<string, string | undefined> {
  const written = (Object.keys(change) as (keyof MapState)[]).map((key) =>
    (WRITERS[key] as (value: unknown) => [string, string | undefined])(change[key]),
  );
  return Object.fromEntries(written);
}

/** Reads the map's state from the address and changes parts of it, replacing the history entry; Back leads from the table to the map. */
export function useMapState(): [MapState, (change: Partial<MapState>) => void] {
  const search: AppSearch = useSearch({ strict: false });
  const navigate = useNavigate();
  const state = useMemo(() => readMapState(search), [search]);
  const change = useCallback(
    (part: Partial<MapState>) => {
      const search = (former: AppSearch): AppSearch => ({ ...former, ...writeMapState(part) });
      void navigate({ to: ".", replace: part.isTable !== true, resetScroll: false, search });
    },
    [navigate],
  );
  return [state, change];
}
