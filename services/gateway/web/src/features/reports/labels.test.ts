import { describe, expect, it } from "vitest";
import { spread } from "./labels";

describe("spread", () => {
  it.each([
    ["far apart: where they want to be", [40, 100, 200], [40, 100, 200]],
    ["two in one place: above and below it", [100, 100], [83, 117]],
    ["a block that reaches the next: all around their middle", [100, 100, 120], [73, 107, 141].map((middle) => middle - 1 / 3)],
    ["beyond the upper end", [-20, 0], [17, 51]],
    ["beyond the lower end", [100, 259, 260], [100, 209, 243]],
    ["no labels", [], []],
  ])("%s", (_, wanted, middles) => {
    const found = spread(wanted, 34, 260);
    expect(found).toHaveLength(middles.length);
    found.forEach((middle, index) => expect(middle).toBeCloseTo(middles[index] ?? NaN));
  });

  it("never lets two overlap or one leave the frame", () => {
    // All places of four labels on a coarse grid.
    const places = [0, 10, 60, 130, 200, 250, 260];
    for (const a of places)
      for (const b of places.filter((place) => place >= a))
        for (const c of places.filter((place) => place >= b))
          for (const d of places.filter((place) => place >= c)) {
            const middles = spread([a, b, c, d], 44, 260);
            expect(Math.min(...middles)).toBeGreaterThanOrEqual(22);
            expect(Math.max(...middles)).toBeLessThanOrEqual(238);
            middles.slice(1).forEach((middle, index) => expect(middle - (middles[index] ?? 0)).toBeGreaterThanOrEqual(44 - 1e-9));
          }
  });
});
