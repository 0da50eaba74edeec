// @vitest-environment node
import { describe, expect, it } from "vitest";
import { applyRules, fits, goalAfter, renamed, rulesToList, takenOut, withPattern } from "./stepRules";

/** Tries everything a star may stand for. */
function fitsSlowly(step: string, pattern: string): boolean {
  if (pattern === "") return step === "";
  if (pattern[0] === "*") return fitsSlowly(step, pattern.slice(1)) || (step !== "" && fitsSlowly(step.slice(1), pattern));
  return step[0] === pattern[0] && fitsSlowly(step.slice(1), pattern.slice(1));
}

function texts(letters: string, longest: number): string[] {
  let last = [""];
  const all = [""];
  for (let length = 1; length <= longest; length++) {
    last = last.flatMap((text) => [...letters].map((letter) => text + letter));
    all.push(...last);
  }
  return all;
}

const STEPS = [
  { activity: "/product/1", count: 50 },
  { activity: "/product/2", count: 30 },
  { activity: "cart_add", count: 20 },
  { activity: "/product/help", count: 10 },
  { activity: "cart_view", count: 5 },
];
const named = (rules: { pattern: string; name: string }[]) => applyRules(STEPS, rules).named;
const shown = (rules: { pattern: string; name: string }[]) => named(rules).map(({ name, count }) => [name, count]);
const PATTERN = { pattern: "/product/*", name: "Product page" };

describe("patterns", () => {
  it("fit what trying everything fits", () => {
    const wrong = texts("ab*", 4).filter((pattern) => pattern !== "").flatMap((pattern) => texts("ab", 5).filter((step) => fits(step, pattern) !== fitsSlowly(step, pattern)).map((step) => [pattern, step]));
    expect(wrong).toEqual([]);
  });

  it("look at case and at every sign", () => {
    expect(fits("Cart", "cart")).toBe(false);
    expect(fits("axb", "a.b")).toBe(false);
    expect(fits("a\nb", "a*b")).toBe(true);
  });
});

describe("rules", () => {
  it("give many steps one name, the first that fits counts", () => {
    const rules = [{ pattern: "/product/help", name: "Help" }, PATTERN, { pattern: "*", name: "Other" }];
    const { hits } = applyRules(STEPS, rules);
    expect(shown(rules)).toEqual([
      ["Product page", 80],
      ["Other", 25],
      ["Help", 10],
    ]);
    expect(hits).toEqual([
      { steps: 1, events: 10 },
      { steps: 2, events: 80 },
      { steps: 2, events: 25 },
    ]);
  });

  it("group steps, rename the group, and a pattern's steps with it", () => {
    const cart = named([PATTERN]).filter((step) => step.name.startsWith("cart"));
    const grouped = renamed([PATTERN], cart, "Cart");
    expect(grouped.at(-1)).toEqual(PATTERN);
    expect(shown(grouped)).toEqual([
      ["Product page", 90],
      ["Cart", 25],
    ]);
    const again = renamed(grouped, named(grouped), "All");
    expect(shown(again)).toEqual([["All", 115]]);
    expect(again).toHaveLength(3);
  });

  it("join a step that keeps its own name without a rule for it", () => {
    const chosen = named([]).filter((step) => step.name.startsWith("cart"));
    expect(renamed([], chosen, "cart_add")).toEqual([{ pattern: "cart_view", name: "cart_add" }]);
  });

  it("forget a rename to the own name, unless a pattern would take the step", () => {
    const rules = [{ pattern: "cart_add", name: "Cart" }];
    expect(renamed(rules, named(rules).filter((step) => step.name === "Cart"), "cart_add")).toEqual([]);
    const out = takenOut([PATTERN], "/product/help");
    expect(out).toEqual([{ pattern: "/product/help", name: "/product/help" }, PATTERN]);
    expect(shown(out)[0]).toEqual(["Product page", 80]);
    expect(takenOut(rules, "cart_add")).toEqual([]);
  });

  it("have each pattern once, and what was renamed by hand stays so", () => {
    expect(withPattern([PATTERN], { ...PATTERN, name: "Item" })).toEqual([{ ...PATTERN, name: "Item" }]);
    const byHand = [{ pattern: "cart_add", name: "Cart" }];
    expect(shown(withPattern(byHand, { pattern: "cart*", name: "Basket" })).slice(2)).toEqual([
      ["Cart", 20],
      ["/product/help", 10],
      ["Basket", 5],
    ]);
  });

  it("fit steps longer than a pattern may be by their beginning", () => {
    const long = { activity: `/p/${"x".repeat(505)}`, count: 1 };
    const [rule] = renamed([], [{ name: long.activity, count: 1, members: [long] }], "Page");
    expect(rule?.pattern).toHaveLength(500);
    expect(applyRules([long], rule ? [rule] : []).named[0]?.name).toBe("Page");
  });

  it("are listed when they are patterns or fit no step", () => {
    const rules = [{ pattern: "cart_add", name: "Cart" }, { pattern: "gone", name: "Gone" }, PATTERN];
    expect(rulesToList(rules, applyRules(STEPS, rules).hits).map(({ rule, hits }) => [rule.name, hits.steps])).toEqual([
      ["Gone", 0],
      ["Product page", 3],
    ]);
  });

  it("take the goal along", () => {
    const rules = renamed([], named([]).filter((step) => step.name.startsWith("cart")), "Cart");
    expect(goalAfter("cart_view", named([]), named(rules))).toBe("Cart");
    expect(goalAfter("cart_add", named(rules), named([]))).toBe("cart_add");
    expect(goalAfter("purchase", named([]), named(rules))).toBe("purchase");
    expect(goalAfter(null, named([]), named(rules))).toBeNull();
  });
});
