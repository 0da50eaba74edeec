import { Popover } from "@mantine/core";
import { IconCalendar } from "@tabler/icons-react";
import { useLocation } from "@tanstack/react-router";
import { lazy, Suspense, useState } from "react";
import { useIntl } from "react-intl";
import { useText } from "@/messages";
import { useFormat } from "@/shared/format";
import { dayIn } from "@/shared/period";
import { useScope } from "@/shared/scope";
import { LoadingBlock } from "@/shared/ui";
import { COMPARING_PAGES } from "./pages";
import css from "./shell.module.css";

const PeriodPanel = lazy(() => import("./PeriodPanel"));

/** Shows the period in use, last day included, and what it is compared with, or that there are no events; opens its panel. */
export function PeriodPicker() {
  const t = useText();
  const format = useFormat();
  const intl = useIntl();
  const { pathname } = useLocation();
  const { dataset, from, to, previous } = useScope();
  const [isOpen, setOpen] = useState(false);
  if (!dataset) return null;
  const first = from ?? (dataset.first_event_at && dayIn(dataset.first_event_at, dataset.time_zone));
  const last = to ?? (dataset.last_event_at && dayIn(dataset.last_event_at, dataset.time_zone));
  const range = first && last ? format.range({ from: first, to: last }) : "";
  const before = previous && COMPARING_PAGES.includes(pathname) ? format.range(previous) : null;
  const isAll = from === null && to === null;
  const kind = !range ? "_empty" : before ? "_compared" : isAll ? "_all" : "";
  const moment = (day: string): Date => new Date(`${day}T00:00:00Z`);
  const short = !isAll && first && last && intl.formatDateTimeRange(moment(first), moment(last), { day: "numeric", month: "short", timeZone: "UTC" });
  return (
    <Popover opened={isOpen} onChange={setOpen} position="bottom-start" trapFocus returnFocus>
      <Popover.Target>
        <button
          type="button"
          className={`${css.pick} ${css.pickPeriod}`}
          data-chosen={!isAll}
          data-across-years={first?.slice(0, 4) !== last?.slice(0, 4)}
          onClick={() => setOpen(!isOpen)}
          aria-label={t(`shell.period_label${kind}`, { range, before })}
        >
          <IconCalendar size={16} stroke={1.7} />
          <span className={`${css.pickText} num`}>{isAll || !range ? t("shell.period.all") : range}</span>
          <span className={`${css.pickNote} num`}>{t(`shell.period_note${kind}`, { range })}</span>
          {short && <span className={`${css.pickShort} num`}>{short}</span>}
        </button>
      </Popover.Target>
      <Popover.Dropdown>
        {isOpen && (
          <Suspense fallback={<LoadingBlock height={300} />}>
            <PeriodPanel dataset={dataset} onDone={() => setOpen(false)} />
          </Suspense>
        )}
      </Popover.Dropdown>
    </Popover>
  );
}
