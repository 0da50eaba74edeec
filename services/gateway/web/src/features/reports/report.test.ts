import { describe, expect, it } from "vitest";
import { averages, biggestChanges, bucketsOf, busiestDay, csvOf, daysWithoutData, layersOf, NAMED_VALUES, usualDay, type Day } from "./report";

const day = (date: string, by: Record<string, number>, not_set = 0): Day => {
  const touchpoints = Object.values(by).reduce((sum, count) => sum + count, not_set);
  return { date, customers: touchpoints, touchpoints, by, not_set };
};

describe("layersOf", () => {
  it("ranks values, joins the rest and keeps every touchpoint", () => {
    const values = Object.fromEntries(Array.from({ length: 9 }, (_, index) => [`v${index}`, 100 - index]));
    const days = [day("2024-05-06", values, 7), day("2024-05-07", { v8: 1 })];
    const layers = layersOf(days);
    expect(layers.map((layer) => layer.kind)).toEqual([...Array<string>(NAMED_VALUES).fill("value"), "other", "not_set"]);
    expect(layers[0]).toMatchObject({ value: "v0", total: 100, perDay: [100, 0] });
    expect(layers.at(-2)).toMatchObject({ values: 3, total: 94 + 93 + 92 + 1 });
    days.forEach((one, index) => expect(layers.reduce((sum, layer) => sum + (layer.perDay[index] ?? 0), 0)).toBe(one.touchpoints));
  });

  it("names a single value left over", () => {
    const values = Object.fromEntries(Array.from({ length: NAMED_VALUES + 1 }, (_, index) => [`v${index}`, 1]));
    expect(layersOf([day("2024-05-06", values)]).every((layer) => layer.kind === "value")).toBe(true);
  });

  it("keeps a value called Object.prototype's names apart", () => {
    expect(layersOf([day("2024-05-06", { a: 2 }), day("2024-05-07", { constructor: 1 })]).map((layer) => layer.perDay)).toEqual([[2, 0], [0, 1]]);
  });
});

it("finds the busiest and the usual day", () => {
  const days = [day("2024-05-06", { a: 4 }), day("2024-05-07", {}), day("2024-05-08", { a: 10 }), day("2024-05-09", { a: 6 })];
  expect(busiestDay(days, (one) => one.touchpoints)?.date).toBe("2024-05-08");
  expect(usualDay(days)).toBe(6);
  expect(usualDay(days.slice(0, 3))).toBe(7);
  expect(daysWithoutData(days)).toBe(1);
  expect(busiestDay([day("2024-05-07", {})], (one) => one.touchpoints)).toBeNull();
  expect(usualDay([])).toBe(0);
});

it("orders changes by size and leaves out what did not change", () => {
  const before = [day("2024-05-06", { buy: 10, look: 50, leave: 3 })];
  const now = [day("2024-05-07", { buy: 2, look: 60, leave: 3, share: 1 })];
  expect(biggestChanges(now, before, 2)).toEqual([
    { value: "look", now: 60, before: 50 },
    { value: "buy", now: 2, before: 10 },
  ]);
});

it("joins many days to weeks that keep the average, and leaves gaps", () => {
  const days = Array.from({ length: 16 }, (_, index) => day(`2024-05-${String(index + 1).padStart(2, "0")}`, index > 1 && index < 9 ? {} : { a: 7 }));
  const perDay = days.map((one) => one.touchpoints);
  const weeks = bucketsOf(days, 10);
  expect(weeks.map(({ from, to }) => [from, to])).toEqual([["2024-05-01", "2024-05-02"], ["2024-05-03", "2024-05-09"], ["2024-05-10", "2024-05-16"]]);
  expect(averages(days, perDay, weeks)).toEqual([7, null, 7]);
  expect(averages(days, perDay, bucketsOf(days, 16))).toEqual(perDay.map((count) => count || null));
});

it("writes CSV that keeps commas, quotes and lines, and defuses formulas", () => {
  expect(csvOf([["Day", 'a "b", c'], ["=1+1", -5], ["two\nlines", 0]])).toBe('Day,"a ""b"", c"\r\n\'=1+1,-5\r\n"two\nlines",0\r\n');
});
