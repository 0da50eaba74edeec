import { useComputedColorScheme } from "@mantine/core";
import { useEffect, useRef, useState, type PointerEvent } from "react";
import { mount, type DayChart } from "./chart";
import css from "./reports.module.css";

const TOOLTIP_WIDTH_PX = 220;

interface Place {
  /** Which day. */
  index: number;
  /** Middle and width of its bar, in pixels from the left. */
  middlePx: number;
  widthPx: number;
  /** Width of the whole chart. */
  boxWidthPx: number;
}

/** A chart of days in SVG; follows the theme and its own width, tells the numbers of the day under the pointer. */
export default function Chart({ chart, label }: { chart: DayChart; label: string }) {
  const place = useRef<HTMLDivElement>(null);
  const drawing = useRef<ReturnType<typeof mount> | null>(null);
  const scheme = useComputedColorScheme();
  const [pointed, setPointed] = useState<Place | null>(null);

  useEffect(() => {
    if (!place.current) return undefined;
    const mounted = mount(place.current);
    drawing.current = mounted;
    const watcher = new ResizeObserver(() => mounted.resize());
    watcher.observe(place.current);
    return () => {
      watcher.disconnect();
      mounted.drawing.dispose();
    };
  }, []);

  useEffect(() => {
    drawing.current?.show(chart);
  }, [chart, scheme]);

  function point(event: PointerEvent<HTMLDivElement>) {
    const box = event.currentTarget.getBoundingClientRect();
    const current = drawing.current?.drawing;
    const found = current?.convertFromPixel({ xAxisIndex: 0 }, event.clientX - box.left);
    if (!current || found === undefined) return;
    const index = Math.min(chart.days.length - 1, Math.max(0, Number(found)));
    const xOf = (at: number) => Number(current.convertToPixel({ xAxisIndex: 0 }, at));
    setPointed({ index, middlePx: xOf(index), widthPx: chart.days.length > 1 ? Math.abs(xOf(1) - xOf(0)) : 40, boxWidthPx: box.width });
  }

  return (
    <div className={css.chart} onPointerMove={point} onPointerDown={point} onPointerLeave={() => setPointed(null)}>
      {pointed && <div className={css.pointed} style={{ left: pointed.middlePx - pointed.widthPx / 2, width: Math.max(2, pointed.widthPx) }} />}
      <div ref={place} className={css.drawing} role="img" aria-label={label} />
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
          <span className={css.swatch} data-before={isBefore} style={color ? { background: `var(--${color})` } : undefined} />
          <span>{name}</span>
          <span>{value}</span>
        </div>
      ))}
      {note && <div className={css.tooltipNote}>{note}</div>}
    </div>
  );
}
