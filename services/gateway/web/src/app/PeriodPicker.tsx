import { Popover } from "@mantine/core";
import { IconCalendar } from "@tabler/icons-react";
import { lazy, Suspense, useState } from "react";
import { useIntl } from "react-intl";
import { useText } from "@/messages";
import { dayIn } from "@/shared/period";
import { useScope } from "@/shared/scope";
import { LoadingBlock } from "@/shared/ui";
import css from "./shell.module.css";

const PeriodPanel = lazy(() => import("./PeriodPanel"));

/** Shows the period in use, last day included, and opens its panel. */
export function PeriodPicker() {
  const t = useText();
  const { locale } = useIntl();
  const { dataset, from, to } = useScope();
  const [isOpen, setOpen] = useState(false);
  if (!dataset) return null;
  const first = from ?? (dataset.first_event_at && dayIn(dataset.first_event_at, dataset.time_zone));
  const last = to ?? (dataset.last_event_at && dayIn(dataset.last_event_at, dataset.time_zone));
  const range =
    first && last
      ? new Intl.DateTimeFormat(locale, { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" }).formatRange(new Date(`${first}T00:00Z`), new Date(`${last}T00:00Z`))
      : "";
  const isAll = from === null && to === null;
  const main = isAll ? t("shell.period.all") : range;
  return (
    <Popover opened={isOpen} onChange={setOpen} position="bottom-start" trapFocus returnFocus>
      <Popover.Target>
        <button
          type="button"
          className={`${css.pick} ${css.pickPeriod}`}
          onClick={() => setOpen(!isOpen)}
          aria-label={t(isAll ? "shell.period_label_all" : "shell.period_label", { range })}
        >
          <IconCalendar size={16} stroke={1.7} />
          <span className={`${css.pickText} num`}>{main}</span>
          <span className={`${css.pickNote} num`}>{isAll ? range : t("shell.last_day_included")}</span>
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
