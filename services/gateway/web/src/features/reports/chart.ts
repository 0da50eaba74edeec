import { BarChart } from "echarts/charts";
import { GridSimpleComponent } from "echarts/components";
import * as echarts from "echarts/core";
import { SVGRenderer } from "echarts/renderers";
import { leaderOf, placed, type End } from "./labels";
import type { SeriesName } from "./SeriesName";

// The least that draws stacked bars: more parts would pass the size budget of the chart library.
echarts.use([BarChart, GridSimpleComponent, SVGRenderer]);

const TOTALS_UP_TO_DAYS = 14;
const CLOSE_BARS_FROM_DAYS = 60;
const WIDEST_BAR_PX = 34;
/** Width of a digit of a total with its share of the gap to the next, and of the axis with its numbers. */
const DIGIT_PX = 9;
const AXIS_PX = 48;
const EXPORT_SIZE_PX = { width: 1200, height: 560 };
const EXPORT_MARGINS_PX = { top: 56, bottom: 16, right: 24 };
const EXPORT_NAMES_PX = { width: 200, height: 40, leader: 24, swatch: 10, gap: 8 };
const EXPORT_SCALE = 2;

export const MARGINS_PX = { top: 16, bottom: 4, right: 24 };
const FONT = { fontFamily: "Inter Variable, system-ui, sans-serif", fontSize: 12.5 };
const DASHES = [5, 4];
const lineStyle = (stroke: string | undefined) => ({ stroke: stroke ?? "", fill: "none", lineWidth: 1.5 });

export type Palette = Record<string, string>;

export interface ChartSeries {
  name: string;
  /** Name of a colour token without dashes in front, for example "cat-1". */
  color: string;
  /** One number per bar; null is a gap. */
  values: (number | null)[];
}

/** The tooltip of one bar. */
export interface DayDetails {
  day: string;
  lines: { name: string; color: string | null; value: string; isBefore?: boolean }[];
  note: string;
}

/** What a chart of days shows. */
export interface DayChart {
  /** First day of each bar, ISO dates. */
  days: string[];
  /** Layers from bottom to top. */
  series: ChartSeries[];
  /** The previous period bar by bar, and its dates in words; null = not compared. */
  before: { range: string; values: (number | null)[] } | null;
  /** The last day is not over yet. */
  isLastDayOpen: boolean;
  formatShortDay: (date: string) => string;
  formatNumber: (value: number) => string;
  details: (index: number) => DayDetails;
}

/** The colours of the theme in use, by token name. */
export function palette(chart: DayChart): Palette {
  const style = getComputedStyle(document.documentElement);
  const names = ["ink", "ink-2", "line", "line-2", "card", ...chart.series.map(({ color }) => color)];
  return Object.fromEntries(names.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
}

/** Draws charts into an element until disposed of. */
export const mount = (element: HTMLElement) => sheetOn(echarts.init(element, null, { renderer: "svg" }));

/** What shows one chart after the other in a drawing, with the dashed line of the period before. */
function sheetOn(drawing: echarts.ECharts) {
  let shown: { chart: DayChart; colors: Palette } | null = null;
  // By hand, because the library's line charts would pass its size budget.
  const line = new echarts.graphic.Group();
  drawing.getZr().add(line);

  const xOf = (index: number) => Number(drawing.convertToPixel({ xAxisIndex: 0 }, index));
  const yOf = (value: number) => Number(drawing.convertToPixel({ yAxisIndex: 0 }, value));
  const halfBar = () => Math.min(WIDEST_BAR_PX / 2, shown && shown.chart.days.length > 1 ? (xOf(1) - xOf(0)) / 2 : WIDEST_BAR_PX / 2);

  function drawLine(): void {
    line.removeAll();
    if (!shown?.chart.before) return;
    const half = halfBar();
    const style = { ...lineStyle(shown.colors["ink-2"]), lineWidth: 2, lineDash: DASHES };
    for (const run of runsOf(shown.chart.before.values)) {
      const dots = run.map(({ index, value }) => [xOf(index), yOf(value)] as const);
      // A day between two gaps would be a point without length.
      const points = dots.length > 1 ? dots.map(([x, y]) => [x, y]) : dots.flatMap(([x, y]) => [[x - half, y], [x + half, y]]);
      line.add(new echarts.graphic.Polyline({ shape: { points }, style, silent: true, z: 10 }));
    }
  }

  return {
    drawing,
    show(chart: DayChart, margins?: Margins): void {
      const colors = palette(chart);
      drawing.setOption(optionOf(chart, colors, margins, drawing.getWidth()), { notMerge: true });
      shown = { chart, colors };
      drawLine();
    },
    /** Right ends of the series, from bottom to top, then of the period before, in pixels: where their names belong. */
    ends(): End[] {
      if (!shown) return [];
      const { days, series, before } = shown.chart;
      const last = days.findLastIndex((_, index) => series.some(({ values }) => values[index]));
      const x = xOf(last) + halfBar();
      let below = 0;
      const ends = series.map(({ values }) => {
        const value = values[last] ?? 0;
        below += value;
        return { x, y: yOf(below - value / 2) };
      });
      const end = before && runsOf(before.values).at(-1)?.at(-1);
      return end ? [...ends, { x: xOf(end.index), y: yOf(end.value) }] : ends;
    },
    /** Writes names beside the ends of their series, for pictures, where nothing can be pointed at. */
    write(names: readonly SeriesName[], at: { left: number; room: number }): void {
      const { width, height, leader, swatch, gap } = EXPORT_NAMES_PX;
      for (const { index, end, middle } of placed(this.ends(), height, at.room)) {
        const { name, color, count, share } = names[index] ?? { name: "", color: null, count: "" };
        const stroke = shown?.colors[color ?? "ink-2"];
        const points = leaderOf(end, middle, at.left, leader);
        drawing.getZr().add(new echarts.graphic.Polyline({ shape: { points }, style: { ...lineStyle(stroke), lineDash: color ? undefined : DASHES } }));
        drawing.getZr().add(new echarts.graphic.Rect({ shape: { x: at.left, y: middle - swatch / 2, width: swatch, height: color ? swatch : 2 }, style: { fill: stroke } }));
        const text = { text: [name, [count, share].filter(Boolean).join("  ")].join("\n"), width: width - swatch - gap, overflow: "truncate" as const };
        const look = { ...FONT, fill: shown?.colors["ink"], x: at.left + swatch + gap, y: middle, verticalAlign: "middle" as const, lineHeight: 17 };
        drawing.getZr().add(new echarts.graphic.Text({ style: { ...text, ...look } }));
      }
    },
    resize(): void {
      drawing.resize();
      drawLine();
    },
  };
}

/** The stretches of a row without gaps. */
export function runsOf(values: readonly (number | null)[]): { index: number; value: number }[][] {
  const runs: { index: number; value: number }[][] = [];
  values.forEach((value, index) => {
    if (value === null) return;
    if (index === 0 || values[index - 1] === null) runs.push([]);
    runs.at(-1)?.push({ index, value });
  });
  return runs;
}

interface Margins {
  top: number;
  bottom: number;
  right: number;
}

/**
 * The option of a chart of days: stacked bars, the open day dashed, gaps where nothing is known. Totals stand above the bars where each
 * has room for its own, and no line of the period before runs through them.
 */
export function optionOf(chart: DayChart, colors: Palette, margins: Margins = MARGINS_PX, widthPx = Infinity) {
  const { days, series, before, isLastDayOpen } = chart;
  // Without a height of lines ECharts takes the width of "国", which depends on the fonts of the machine.
  const text = { color: colors["ink-2"], ...FONT, lineHeight: 15 };
  const bars = { type: "bar" as const, stack: "days", barMaxWidth: WIDEST_BAR_PX, silent: true };
  const layers = series.map(({ name, color, values }) => {
    const fill = colors[color];
    const open = { color: colors["card"], borderColor: fill, borderType: "dashed" as const, borderWidth: 1.5 };
    const data = values.map((value, index) => (isLastDayOpen && index === days.length - 1 ? { value, itemStyle: open } : value));
    return { ...bars, name, barCategoryGap: days.length < CLOSE_BARS_FROM_DAYS ? "25%" : "8%", itemStyle: { color: fill }, data };
  });
  const totals = days.map((_, index) => series.reduce((sum, { values }) => sum + (values[index] ?? 0), 0));
  const widestTotalPx = Math.max(...totals.map((total) => chart.formatNumber(total).length), 0) * DIGIT_PX;
  const isTotalled = !before && days.length <= TOTALS_UP_TO_DAYS && widestTotalPx * days.length <= widthPx - margins.right - AXIS_PX;
  const totalLabels = {
    ...bars,
    // Bars without height on top of the others carry the totals.
    data: totals.map((total) => (total ? 0 : null)),
    label: { show: true, position: "top" as const, ...text, formatter: ({ dataIndex }: { dataIndex: number }) => chart.formatNumber(totals[dataIndex] ?? 0) },
  };
  // Bars nobody sees, in the place of the others: they make the axis reach as high as the line.
  const room = before && { ...bars, stack: "before", barGap: "-100%", itemStyle: { opacity: 0 }, data: before.values };
  return {
    animation: false,
    textStyle: text,
    backgroundColor: colors["card"],
    grid: { left: 8, ...margins, outerBoundsMode: "same" as const, outerBoundsContain: "axisLabel" as const },
    xAxis: {
      type: "category" as const,
      data: days,
      axisTick: { show: false },
      axisLine: { lineStyle: { color: colors["line"] } },
      axisLabel: { ...text, hideOverlap: true, formatter: chart.formatShortDay },
    },
    yAxis: {
      type: "value" as const,
      min: 0,
      minInterval: 1,
      splitNumber: 4,
      splitLine: { lineStyle: { color: colors["line-2"] } },
      axisLabel: { ...text, formatter: chart.formatNumber },
    },
    series: [...layers, ...(isTotalled ? [totalLabels] : []), ...(room ? [room] : [])],
  };
}

/** The chart as an SVG file with its title. */
export function svgOf(chart: DayChart, title: string, names: readonly SeriesName[]): Blob {
  const sheet = sheetOn(echarts.init(null, null, { renderer: "svg", ssr: true, ...EXPORT_SIZE_PX }));
  const { width, leader } = EXPORT_NAMES_PX;
  sheet.show(chart, names.length ? { ...EXPORT_MARGINS_PX, right: width + leader } : EXPORT_MARGINS_PX);
  if (names.length) sheet.write(names, { left: EXPORT_SIZE_PX.width - width, room: EXPORT_SIZE_PX.height });
  const picture = new DOMParser().parseFromString(sheet.drawing.renderToSVGString(), "image/svg+xml");
  sheet.drawing.dispose();
  const heading = picture.createElementNS("http://www.w3.org/2000/svg", "text");
  const look = { x: "16", y: "32", fill: palette(chart)["ink"] ?? "", "font-size": "17", "font-weight": "600", "font-family": "Inter, system-ui, sans-serif" };
  for (const [name, value] of Object.entries(look)) heading.setAttribute(name, value);
  heading.textContent = title;
  picture.documentElement.append(heading);
  return new Blob([new XMLSerializer().serializeToString(picture)], { type: "image/svg+xml" });
}

/**
 * The chart as a PNG file with its title, twice the size for sharp prints.
 *
 * @throws Error when the browser cannot draw it.
 */
export async function pngOf(chart: DayChart, title: string, names: readonly SeriesName[]): Promise<Blob> {
  const address = URL.createObjectURL(svgOf(chart, title, names));
  try {
    const image = new Image();
    image.src = address;
    await image.decode();
    const canvas = document.createElement("canvas");
    canvas.width = EXPORT_SIZE_PX.width * EXPORT_SCALE;
    canvas.height = EXPORT_SIZE_PX.height * EXPORT_SCALE;
    canvas.getContext("2d")?.drawImage(image, 0, 0, canvas.width, canvas.height);
    const file = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, "image/png"));
    if (!file) throw new Error("the browser made no picture");
    return file;
  } finally {
    URL.revokeObjectURL(address);
  }
}
