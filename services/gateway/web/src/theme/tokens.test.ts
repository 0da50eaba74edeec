import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { theme } from "./theme";

const css = readFileSync("src/theme/tokens.css", "utf8");

type Tokens = Record<string, string>;

/** The colours of the rule with this selector: name without dashes to #rrggbb. */
function coloursOf(selector: string): Tokens {
  const start = css.indexOf(`${selector} {`);
  const body = css.slice(start, css.indexOf("}", start));
  const found = body.matchAll(/--([\w-]+): (#[0-9a-f]{6});/g);
  return Object.fromEntries([...found].map(([, name = "", colour = ""]): [string, string] => [name, colour]));
}

const LOOKS = [
  { look: "light", tokens: coloursOf(":root") },
  { look: "dark", tokens: coloursOf(':root[data-mantine-color-scheme="dark"]') },
];

/** Relative luminance, 0-1, as WCAG 2.2 defines it. */
function luminance(colour: string): number {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const channel = parseInt(colour.slice(at, at + 2), 16) / 255;
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: string, other: string): number {
  const [darker, lighter] = [luminance(one), luminance(other)].sort((a, b) => a - b) as [number, number];
  return (lighter + 0.05) / (darker + 0.05);
}

/** Pairs of the first names on each of the second names. */
const pairs = (names: string[], grounds: string[]): [string, string][] => names.flatMap((name) => grounds.map((ground): [string, string] => [name, ground]));
const numbered = (name: string, count: number): string[] => Array.from({ length: count }, (_, index) => `${name}-${index + 1}`);

const TEXT: [string, string][] = [
  ...pairs(["ink", "ink-2", "accent-ink", "good", "warn", "danger"], ["bg", "card", "rail"]),
  ...pairs(["ink", "ink-2", "accent-ink"], ["line-2"]),
  ...pairs(["ink"], ["soft", "warn-soft", "danger-soft"]),
  ["accent-ink", "soft"],
  ["on-accent", "accent"],
];
const SHAPES: [string, string][] = [
  ...pairs(["ink-3", "accent"], ["bg", "card", "rail"]),
  ...pairs(numbered("cat", 8), ["card"]),
  ["warn", "warn-soft"],
  ["danger", "danger-soft"],
  ["good", "soft"],
];

it("measures contrast as WCAG does", () => {
  expect(contrast("#000000", "#ffffff")).toBeCloseTo(21, 5);
  // The lightest grey that still passes on white: the example of every contrast guide.
  expect(contrast("#767676", "#ffffff")).toBeCloseTo(4.54, 2);
});

describe.each(LOOKS)("the $look colours", ({ look, tokens }) => {
  const between = ([one, other]: [string, string]): number => contrast(tokens[one] ?? "", tokens[other] ?? "");

  it.each(TEXT)("let text in %s be read on %s", (...pair) => expect(between(pair)).toBeGreaterThanOrEqual(4.5));
  it.each(SHAPES)("let shapes in %s be seen on %s", (...pair) => expect(between(pair)).toBeGreaterThanOrEqual(3));

  it.each(["freq", "time"])("make the %s ramp run one way, its upper classes be seen", (ramp) => {
    const steps = numbered(ramp, 5).map((name) => between([name, "bg"]));
    expect(steps).toEqual(steps.toSorted((a, b) => a - b));
    expect(new Set(steps.map((step) => step.toFixed(1))).size).toBe(5);
    expect(Math.min(...steps.slice(3))).toBeGreaterThanOrEqual(3);
  });

  it("are the ones of the component library", () => {
    const shade = (theme.primaryShade as Record<string, number>)[look] ?? 0;
    expect(theme.colors?.["teal"]?.[shade]).toBe(tokens["accent"]);
    expect(theme.colors?.["red"]?.[shade]).toBe(tokens["danger"]);
  });
});
