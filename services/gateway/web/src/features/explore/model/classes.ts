/** Classes of a colour scale: a value is in the first class whose bound it does not exceed, else in the last. */
export interface Classes {
  /** Upper bounds of all classes but the last, ascending; each is one of the classed values. */
  bounds: number[];
  /** Shade of a value, 0 (weakest) to 4 (strongest). */
  shadeOf: (value: number) => number;
}

const SHADES = 5;

/** Five classes of about equal size. Equal values fall into one class, so there may be fewer. */
export function quantileClasses(values: readonly number[]): Classes {
  const sorted = [...values].sort((a, b) => a - b);
  const largest = sorted.at(-1);
  const bounds: number[] = [];
  for (let part = 1; part < SHADES; part += 1) {
    const bound = sorted[Math.ceil((part * sorted.length) / SHADES) - 1];
    if (bound !== undefined && bound !== largest && bound !== bounds.at(-1)) bounds.push(bound);
  }
  const shadeOf = (value: number): number => {
    if (bounds.length === 0) return Math.floor(SHADES / 2);
    const above = bounds.filter((bound) => value > bound).length;
    return Math.round((above * (SHADES - 1)) / bounds.length);
  };
  return { bounds, shadeOf };
}
