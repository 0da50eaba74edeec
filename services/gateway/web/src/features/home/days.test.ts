import { expect, it } from "vitest";
import { daysOf } from "./days";

it("takes a day without touchpoints for one without data", () => {
  const days = [
    { date: "2024-02-28", customers: 2, touchpoints: 5 },
    { date: "2024-02-29", customers: 0, touchpoints: 0 },
    { date: "2024-03-02", customers: 1, touchpoints: 1 },
  ];
  expect(daysOf(days).map(({ date, touchpoints }) => [date, touchpoints])).toEqual([
    ["2024-02-28", 5],
    ["2024-02-29", null],
    ["2024-03-01", null],
    ["2024-03-02", 1],
  ]);
  expect(daysOf([])).toEqual([]);
});
