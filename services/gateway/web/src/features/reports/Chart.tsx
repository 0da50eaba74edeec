import { useComputedColorScheme } from "@mantine/core";
import { useEffect, useRef, useState, type PointerEvent } from "react";
import { useText } from "@/messages";
import { MARGINS_PX, mount, type DayChart } from "./chart";
import { leaderOf, placed } from "./labels";
import css from "./reports.module.css";
import { NameLink, Swatch, type SeriesName } from "./SeriesName";

const TOOLTIP_WIDTH_PX = 220;
const LEADER_PX = 22;

interface Place {
  /** Which day. */
  index: number;
  /** Middle and width of its bar, in pixels from the left. */
  middlePx: number;
  widthPx: number;
  /** Width of the whole chart. */
  boxWidthPx: number;
}

/** The labels beside a chart: from top to bottom, and where their column begins. */
interface Labels {
  placed: ReturnType<typeof placed>;
  heightPx: number;
  leftPx: number;
}

interface ChartProps {
  chart: DayChart;
  label: string;
  /** Stand in the chart, each at its series. */
  names: readonly SeriesName[];
}

/** A chart of days in SVG; follows the theme and its own width, tells the numbers of the day under the pointer. */
export default function Chart({ chart, label, names }: ChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const column = useRef<HTMLUListElement>(null);
  const drawing = useRef<ReturnType<typeof mount> | null>(null);
  const scheme = useComputedColorScheme();
  const t = useText();
  const [pointed, setPointed] = useState<Place | null>(null);
  const [labels, setLabels] = useState<Labels | null>(null);

  useEffect(() => {
    if (!place.current) return undefined;
    const mounted = mount(place.current);
    drawing.current = mounted;
    return () => mounted.drawing.dispose();
  }, []);

  useEffect(() => {
    const box = place.current;
    if (!box) return undefined;
    // Called at once, and whenever the chart or the widest name changes its width.
    const watcher = new ResizeObserver(() => {
      const list = column.current;
      drawing.current?.resize();
      drawing.current?.show(chart, list ? { ...MARGINS_PX, right: list.offsetWidth + LEADER_PX } : MARGINS_PX);
      const heightPx = list?.firstElementChild?.clientHeight ?? 0;
      setLabels(list && drawing.current ? { placed: placed(drawing.current.ends(), heightPx, box.clientHeight), heightPx, leftPx: list.offsetLeft } : null);
    });
    watcher.observe(box);
    if (column.current) watcher.observe(column.current);
    return () => watcher.disconnect();
  }, [chart, names, scheme]);

  function point(event: PointerEvent<HTMLDivElement>) {
    const box = event.currentTarget.getBoundingClientRect();
    const current = drawing.current?.drawing;
    const found = current?.convertFromPixel({ xAxisIndex: 0 }, event.clientX - box.left);
    if (!current || found === undefined) return;
    if (column.current?.contains(event.target as Node)) return setPointed(null);
    const index = Math.min(chart.days.length - 1, Math.max(0, Number(found)));
    const xOf = (at: number) => Number(current.convertToPixel({ xAxisIndex: 0 }, at));
    setPointed({ index, middlePx: xOf(index), widthPx: chart.days.length > 1 ? Math.abs(xOf(1) - xOf(0)) : 40, boxWidthPx: box.width });
  }

  return (
    <div className={css.chart} onPointerMove={point} onPointerDown={point} onPointerLeave={() => setPointed(null)}>
      {pointed && <div className={css.pointed} style={{ left: pointed.middlePx - pointed.widthPx / 2, width: Math.max(2, pointed.widthPx) }} />}
      <div ref={place} className={css.drawing} role="img" aria-label={label} />
      {names.length > 0 && (
        <>
          <svg className={css.leaders} aria-hidden="true">
            {labels?.placed.map(({ index, end, middle }) => {
              const color = names[index]?.color;
              return <polyline key={index} points={leaderOf(end, middle, labels.leftPx, LEADER_PX).join(" ")} stroke={`var(--${color ?? "ink-2"})`} data-before={!color} />;
            })}
          </svg>
          <ul ref={column} className={css.labels} data-placed={labels !== null}>
            {(labels?.placed ?? names.map((_, index) => ({ index, middle: 0 }))).map(({ index, middle }, at) => {
              const series = names[index];
              return (
                series && (
                  <li key={index} style={{ transform: `translateY(${middle - (at + 0.5) * (labels?.heightPx ?? 0)}px)` }}>
                    <Swatch color={series.color} />
                    <div>
                      <NameLink series={series} />
                      <span className={css.legendCount}>{series.share ? t("reports.tooltip_part", { count: series.count, share: series.share }) : series.count}</span>
                    </div>
                  </li>
                )
              );
            })}
          </ul>
        </>
      )}
      {pointed && <Tooltip chart={chart} place={pointed} />}
    </div>
  );
}

function Tooltip({ chart, place: { index, middlePx, widthPx, boxWidthPx } }: { chart: DayChart; place: Place }) {
  const { day, lines, note } = chart.details(index);
  const isLeft = middlePx + widthPx / 2 + TOOLTIP_WIDTH_PX > boxWidthPx;
  const left = isLeft ? Math.max(0, middlePx - widthPx / 2 - TOOLTIP_WIDTH_PX - 6) : middlePx + widthPx / 2 + 6;
  return (
    <div className={css.tooltip} style={{ left, width: TOOLTIP_WIDTH_PX }}>
      <div className={css.tooltipDay}>{day}</div>
      {lines.map(({ name, color, value, isBefore }) => (
        <div key={`${color}:${name}`} className={css.tooltipRow}>
          {color || isBefore ? <Swatch color={color} /> : <span className={css.swatch} />}
          <span>{name}</span>
          <span>{value}</span>
        </div>
      ))}
      {note && <div className={css.tooltipNote}>{note}</div>}
    </div>
  );
}
