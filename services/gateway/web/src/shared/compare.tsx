import { Button } from "@mantine/core";
import { IconArrowDownRight, IconArrowUpRight, IconEqual } from "@tabler/icons-react";
import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import type { Dataset } from "@/api/types";
import { useText } from "@/messages";
import css from "./compare.module.css";
import { useFormat, type ChangeKind } from "./format";
import { boundedPeriod, dayCount, dayIn, daysWithin, isAllAhead, type Period } from "./period";
import { useScope } from "./scope";
import { Note } from "./ui";

type Known = Pick<Dataset, "first_event_at" | "last_event_at" | "events" | "later_events">;

/** Days of the first and the last event of some datasets, later days than today only where there are no others; null without events. */
export function daysKnown(datasets: readonly Known[], timeZone: string): Period | null {
  const soFar = datasets.filter((dataset) => dataset.last_event_at && !isAllAhead(dataset));
  const times = (soFar.length > 0 ? soFar : datasets).flatMap(({ first_event_at: first, last_event_at: last }) => (first && last ? [first, last] : []));
  const days = times.map((time) => dayIn(time, timeZone)).sort();
  return boundedPeriod(days[0], days.at(-1));
}

/** Whether every day of a period and of the one before lies between the first and the last event. */
export function isWhole(period: Period, previous: Period, known: Period | null): boolean {
  return daysWithin(period, known) + daysWithin(previous, known) === 2 * dayCount(period);
}

/**
 * The answer about the previous period: null where there is no data to compare with, undefined as long as none is known.
 *
 * Args:
 *   hasDays: Whether a day of that period has data at all; otherwise nobody is asked.
 */
export function formerOf<Answer>(query: UseQueryResult<Answer>, hasDays: boolean, isEmpty: (answer: Answer) => boolean): Answer | null | undefined {
  if (!hasDays) return null;
  if (!query.data || query.isPlaceholderData || query.isError) return undefined;
  return isEmpty(query.data) ? null : query.data;
}

/** How a number changed: sign and arrow say the direction, never a colour. `was` null = no data before, undefined = not known yet. */
export function Change({ now, was, kind }: { now: number; was: number | null | undefined; kind?: ChangeKind }) {
  const t = useText();
  const format = useFormat();
  if (was === undefined) return <span className={css.change} />;
  if (was === null) return <span className={css.change}>{t("common.compare.no_data")}</span>;
  const change = format.change(now, was, kind);
  const Icon = !change ? IconEqual : now > was ? IconArrowUpRight : IconArrowDownRight;
  return (
    <span className={css.change}>
      <Icon size={14} stroke={1.7} />
      {change || t("common.compare.same")}
    </span>
  );
}

interface ComparedWithProps {
  known: Period | null;
  /** The previous period has nothing to compare with. */
  isEmpty: boolean;
  query: UseQueryResult;
  /** What else the reader must know. */
  children?: ReactNode;
}

/** Says what the changes of a view are against, and where data lacks for a fair comparison; nothing unless it compares. */
export function ComparedWith({ known, isEmpty, query, children }: ComparedWithProps) {
  const t = useText();
  const format = useFormat();
  const { from, to, previous, filters } = useScope();
  const period = boundedPeriod(from, to);
  if (!period || !previous) return null;
  const range = format.range(previous);
  const days = dayCount(period);
  const nothing = filters.length > 0 && daysWithin(previous, known) > 0 ? "common.compare.none_left" : "common.compare.none";
  if (query.isError) {
    return (
      <Note tone="warn">
        {t("common.compare.failed", { range })}{" "}
        <Button variant="subtle" size="compact-sm" onClick={() => void query.refetch()}>
          {t("common.try_again")}
        </Button>
      </Note>
    );
  }
  return (
    <Note>
      {t(isEmpty ? nothing : "common.compare.with", { range, days })}{" "}
      {known &&
        !isWhole(period, previous, known) &&
        t("common.compare.span", { first: format.day(known.from), last: format.day(known.to), days, now: daysWithin(period, known), before: daysWithin(previous, known) })}{" "}
      {children}
    </Note>
  );
}
