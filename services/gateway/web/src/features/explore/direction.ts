import type { Direction } from "./draw/geometry";

/** Where time runs on the map when the address does not say: kept in this browser. */
const KEPT_AS = "cjm-map-direction";
/** How addresses and the browser's memory write a direction. */
const CODES = { down: "tb", right: "lr" } as const;

export const directionCode = (direction: Direction): string => CODES[direction];

export function readDirection(code: unknown): Direction | null {
  return code === CODES.right ? "right" : code === CODES.down ? "down" : null;
}

export const preferredDirection = (): Direction => readDirection(localStorage.getItem(KEPT_AS)) ?? "down";

export function preferDirection(direction: Direction): void {
  localStorage.setItem(KEPT_AS, directionCode(direction));
}
