import { describe, expect, it } from "vitest";
import { optionOf, runsOf, svgOf, type DayChart } from "./chart";

const chart = (days: number, isLastDayOpen = false): DayChart => ({
  days: Array.from({ length: days }, (_, index) => `day ${index}`),
  series: [
    { name: "a", color: "cat-1", values: Array.from({ length: days }, (_, index) => (index === 1 ? null : 2)) },
    { name: "b", color: "cat-2", values: Array.from({ length: days }, (_, index) => (index === 1 ? null : 3)) },
  ],
  before: null,
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

  it("writes no totals over each other, nor where the line of the period before runs", () => {
    const margins = { top: 8, bottom: 8, right: 100 };
    expect(optionOf(chart(14), colors, margins, 300).series).toHaveLength(2);
    expect(optionOf(chart(14), colors, margins, 500).series).toHaveLength(3);
    const compared = { ...chart(3), before: { range: "before", values: [1, 2, 3] } };
    expect(optionOf(compared, colors).series.some((series) => "label" in series)).toBe(false);
  });

  it("draws a day that is not over dashed and empty", () => {
    const last = (isOpen: boolean) => optionOf(chart(3, isOpen), colors).series[0]?.data[2];
    expect(last(true)).toMatchObject({ value: 2, itemStyle: { color: "white", borderColor: "teal", borderType: "dashed" } });
    expect(last(false)).toBe(2);
  });
});

describe("the period before", () => {
  const compared = (values: (number | null)[]): DayChart => ({ ...chart(values.length), before: { range: "before", values } });

  it("makes room for higher days and takes none from the bars", () => {
    const room = optionOf(compared([9, null, 40]), colors).series.at(-1);
    expect(room).toMatchObject({ stack: "before", barGap: "-100%", itemStyle: { opacity: 0 }, data: [9, null, 40] });
    expect(optionOf(chart(3), colors).series.some(({ stack }) => stack === "before")).toBe(false);
  });

  it("breaks the line where nothing is known", () => {
    expect(runsOf([null, 1, 0, null, 3]).map((run) => run.map(({ index, value }) => [index, value]))).toEqual([[[1, 1], [2, 0]], [[4, 3]]]);
  });

  it.each([
    ["a row of days", [1, 2, 3], 1],
    ["days around a gap", [1, 2, null, 3], 2],
    ["a single day", [5], 1],
    ["nothing known", [null, null], 0],
  ])("draws dashed lines for %s", async (_, values, lines) => {
    document.documentElement.style.setProperty("--ink-2", "#55626f");
    const picture = new DOMParser().parseFromString(await textOf(svgOf(compared(values), "title", [])), "image/svg+xml");
    const dashed = [...picture.querySelectorAll("polyline[stroke-dasharray]")].map((line) => (line.getAttribute("points") ?? "").split(" ").map(Number));
    expect(dashed).toHaveLength(lines);
    // Each is longer than a point.
    for (const [left = 0, , right = 0] of dashed) expect(right - left).toBeGreaterThan(10);
  });
});

it("writes in a picture which series is which", async () => {
  for (const [token, color] of [["--cat-1", "#0b7a75"], ["--ink", "#17212b"]] as const) document.documentElement.style.setProperty(token, color);
  const names = [
    { name: "mobile", color: "cat-1", count: "12", share: "40%" },
    { name: "desktop", color: "cat-2", count: "18", share: "60%" },
  ];
  const picture = new DOMParser().parseFromString(await textOf(svgOf(chart(30), "title", names)), "image/svg+xml");
  const places = [...picture.querySelectorAll("text")].map((text) => ({ words: text.textContent, y: Number(text.getAttribute("y")) }));
  const placeOf = (words: string) => places.find((place) => place.words === words)?.y ?? NaN;
  // The upper layer of the stack has the upper name.
  expect(placeOf("desktop")).toBeLessThan(placeOf("mobile"));
  expect(places.map(({ words }) => words)).toEqual(expect.arrayContaining(["12  40%", "18  60%"]));
  expect(picture.querySelector('polyline[stroke="#0b7a75"]')).not.toBeNull();
});

/** jsdom's files cannot be read as text by themselves. */
const textOf = (file: Blob) =>
  new Promise<string>((resolve) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result as string);
    reader.readAsText(file);
  });
