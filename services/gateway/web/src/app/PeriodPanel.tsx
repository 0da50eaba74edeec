import "@mantine/dates/styles.layer.css";
import { Button, Switch } from "@mantine/core";
import { DatePicker } from "@mantine/dates";
import { useQuery } from "@tanstack/react-query";
import { useLocation } from "@tanstack/react-router";
import { useState } from "react";
import { useIntl } from "react-intl";
import { api } from "@/api/client";
import type { DailyReport, Dataset } from "@/api/types";
import { useText } from "@/messages";
import { useFormat } from "@/shared/format";
import { LaterNote } from "@/shared/LaterNote";
import { addDays, boundedPeriod, dayCount, dayIn, PERIOD_PRESETS, presetPeriod, previousPeriod } from "@/shared/period";
import { useScope } from "@/shared/scope";
import { COMPARING_PAGES } from "./pages";
import css from "./PeriodPanel.module.css";

const MOST_DAYS_CHECKED = 1100;

/** Presets and a calendar; days without data are hatched. */
export default function PeriodPanel({ dataset, onDone }: { dataset: Dataset; onDone: () => void }) {
  const t = useText();
  const { locale } = useIntl();
  const { from, to, setScope } = useScope();
  const [range, setRange] = useState<[string | null, string | null]>([from, to]);
  const firstDay = dataset.first_event_at && dayIn(dataset.first_event_at, dataset.time_zone);
  const lastDay = dataset.last_event_at && dayIn(dataset.last_event_at, dataset.time_zone);
  const earliest = firstDay && lastDay && dayCount({ from: firstDay, to: lastDay }) > MOST_DAYS_CHECKED ? addDays(lastDay, -MOST_DAYS_CHECKED) : firstDay;
  const daily = useQuery({
    queryKey: ["datasets", dataset.id, "days-with-data", earliest, lastDay],
    queryFn: async ({ signal }) => {
      const report = await api.get<DailyReport>(`/datasets/${dataset.id}/reports/daily`, { from: earliest, to: lastDay }, signal);
      return new Set(report.days.filter((day) => day.touchpoints > 0).map((day) => day.date));
    },
    enabled: Boolean(earliest && lastDay),
  });

  function isEmptyDay(date: string): boolean {
    if (!firstDay || !lastDay || date < firstDay || date > lastDay) return true;
    return Boolean(daily.data && earliest && date >= earliest && !daily.data.has(date));
  }

  function apply(period: { from: string; to: string } | null) {
    setScope({ from: period?.from ?? null, to: period?.to ?? null });
    onDone();
  }

  return (
    <div className={css.panel}>
      <div className={css.presets} role="group" aria-label={t("shell.period.presets")}>
        {PERIOD_PRESETS.map((preset) => {
          const period = presetPeriod(preset, lastDay ?? dayIn(new Date(), dataset.time_zone));
          const isChosen = (period?.from ?? null) === from && (period?.to ?? null) === to;
          return (
            <button key={preset} type="button" className={css.preset} aria-pressed={isChosen} onClick={() => apply(period)}>
              {t(`shell.period.${preset}`)}
            </button>
          );
        })}
      </div>
      <div>
        <DatePicker
          type="range"
          allowSingleDateInRange
          weekendDays={[]}
          hideOutsideDates
          ariaLabels={{ previousMonth: t("shell.period.previous_month"), nextMonth: t("shell.period.next_month"), previousYear: t("shell.period.previous_year"), nextYear: t("shell.period.next_year") }}
          firstDayOfWeek={firstDayOfWeek(locale)}
          locale={locale}
          value={range}
          onChange={setRange}
          defaultDate={from ?? lastDay ?? new Date()}
          getDayProps={(date) => (isEmptyDay(date) ? { "data-empty": true, className: css.emptyDay } : {})}
        />
        <p className={css.note}>{t("shell.period.note", { zone: dataset.time_zone })}</p>
        <div className={css.later}>
          <LaterNote datasets={[dataset]} onLeave={onDone} />
        </div>
        <Button
          fullWidth
          disabled={!range[0] || !range[1]}
          onClick={() => {
            if (range[0] && range[1]) apply({ from: range[0], to: range[1] });
          }}
        >
          {t("shell.period.apply")}
        </Button>
        <CompareSwitch />
      </div>
    </div>
  );
}

/** Compares the period in use with the one before it; says why where that cannot be. */
function CompareSwitch() {
  const t = useText();
  const format = useFormat();
  const { pathname } = useLocation();
  const { from, to, previous, setScope } = useScope();
  const period = boundedPeriod(from, to);
  const isElsewhere = !COMPARING_PAGES.includes(pathname);
  let why = t("shell.period.compare_all");
  if (isElsewhere) why = t("shell.period.compare_elsewhere");
  else if (period) why = t("shell.period.compare_with", { range: format.range(previousPeriod(period)), days: dayCount(period) });
  return (
    <Switch
      className={css.compare}
      label={t("shell.period.compare")}
      description={why}
      checked={previous !== null && !isElsewhere}
      disabled={!period || isElsewhere}
      onChange={(event) => setScope({ compares: event.currentTarget.checked })}
    />
  );
}

/** The locale's first day of the week, 0 = Sunday; Monday where the browser does not know. */
function firstDayOfWeek(locale: string): 0 | 1 | 6 {
  const known = new Intl.Locale(locale) as Intl.Locale & { getWeekInfo?: () => { firstDay: number } };
  const first = known.getWeekInfo?.().firstDay ?? 1;
  return first === 7 ? 0 : first === 6 ? 6 : 1;
}
