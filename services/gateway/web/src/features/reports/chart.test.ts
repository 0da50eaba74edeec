import { describe, expect, it } from "vitest";
import { optionOf, type DayChart } from "./chart";

const chart = (days: number, isLastDayOpen = false): DayChart => ({
  days: Array.from({ length: days }, (_, index) => `day ${index}`),
  series: [
    { name: "a", color: "cat-1", values: Array.from({ length: days }, (_, index) => (index === 1 ? null : 2)) },
    { name: "b", color: "cat-2", values: Array.from({ length: days }, (_, index) => (index === 1 ? null : 3)) },
  ],
  isLastDayOpen,
  formatShortDay: (date) => date,
  formatNumber: (value) => `n${value}`,
  details: () => ({ day: "", lines: [], note: "" }),
});
const colors = { "cat-1": "teal", "cat-2": "orange", card: "white" };

describe("optionOf", () => {
  it("stacks the layers from zero and leaves gaps where nothing is known", () => {
    const { series, yAxis } = optionOf(chart(30), colors);
    expect(series.map(({ stack }) => stack)).toEqual(["days", "days"]);
    expect(series[0]?.data.slice(0, 3)).toEqual([2, null, 2]);
    expect(yAxis.min).toBe(0);
  });

  it("writes totals above few bars only", () => {
    const totals = optionOf(chart(14), colors).series[2];
    expect(totals?.data.slice(0, 3)).toEqual([0, null, 0]);
    expect(totals && "label" in totals && totals.label.formatter({ dataIndex: 0 })).toBe("n5");
    expect(optionOf(chart(15), colors).series).toHaveLength(2);
  });

  it("draws a day that is not over dashed and empty", () => {
    const last = (isOpen: boolean) => optionOf(chart(3, isOpen), colors).series[0]?.data[2];
    expect(last(true)).toMatchObject({ value: 2, itemStyle: { color: "white", borderColor: "teal", borderType: "dashed" } });
    expect(last(false)).toBe(2);
  });
});
