import { SegmentedControl } from "@mantine/core";
import { useIntersection } from "@mantine/hooks";
import { IconArrowDownRight, IconArrowUpRight, IconChartBar } from "@tabler/icons-react";
import { useCallback, useMemo, useState, type ReactNode } from "react";
import { useIntl } from "react-intl";
import { useDailyReport, useDatasets } from "@/api/hooks";
import type { DailyReport, ReportBy } from "@/api/types";
import { useText } from "@/messages";
import { Change, ComparedWith, daysKnown, formerOf, isWhole } from "@/shared/compare";
import type { Query } from "@/api/client";
import { valueTerm, withTerm } from "@/shared/filters/terms";
import { LateFilterBar } from "@/shared/filters/LateFilterBar";
import { useFormat } from "@/shared/format";
import { LaterNote } from "@/shared/LaterNote";
import { NothingInScope } from "@/shared/NothingInScope";
import { dayCount, dayIn, daysWithin, type Period } from "@/shared/period";
import { useScope, useUrlState } from "@/shared/scope";
import { scopeOf } from "@/shared/search";
import { Card, EmptyState, ErrorState, LoadingBlock, Note, PageBody, PageTitle } from "@/shared/ui";
import { LinkButton } from "@/shared/ui/LinkButton";
import type { DayChart, DayDetails } from "./chart";
import { ChartCard } from "./ChartCard";
import { averages, biggestChanges, bucketsOf, busiestDay, daysWithoutData, layersOf, usualDay, type Bucket, type Day, type Layer } from "./report";
import css from "./reports.module.css";
import type { SeriesName } from "./SeriesName";

const SPLITS: ReportBy[] = ["action_type", "channel_type", "device_category", "device_os", "device_browser"];
const NEARLY_SAME_RATIO = 0.02;
const CHANGES_SHOWN = 4;
const BARS_AT_MOST = 400;
const COUNT_COLOR = "freq-3";
const NO_NAMES: SeriesName[] = [];
// Written as long as most days.
const UNSEEN_DAY = "2024-05-20";

/** Reports: the daily report of one dataset or of all public ones. */
export default function ReportsPage() {
  const t = useText();
  const format = useFormat();
  const { datasetId, dataset, from, to, filters, previous, question: ofDataset } = useScope();
  const datasets = useDatasets();
  const [of, setOf] = useUrlState("of", "dataset", ["public"]);
  const isPublic = of === "public";
  // Each public dataset puts journeys together in its own way.
  const question = isPublic ? { from, to, f: filters } : { ...ofDataset, to };
  const canAsk = isPublic || datasetId !== null;
  const report = useDailyReport(isPublic ? null : datasetId, "action_type", question, canAsk);

  // What datasets say of themselves is known before the report, so that it can stand above what is on its way.
  const covered = isPublic ? (datasets.data ?? []).filter(({ is_public }) => is_public) : dataset ? [dataset] : [];
  const zone = report.data?.time_zone ?? covered[0]?.time_zone ?? "UTC";
  const known = daysKnown(covered, zone);
  const hasDaysBefore = previous !== null && daysWithin(previous, known) > 0;
  const former = useDailyReport(isPublic ? null : datasetId, "action_type", { ...question, ...previous }, canAsk && hasDaysBefore);
  // Not beside the report of the period before this choice, which stays until the new one is there.
  const isOfScope = report.data?.from === from && report.data.to === to;
  const before = isOfScope ? formerOf(former, hasDaysBefore, ({ touchpoints }) => touchpoints === 0) : undefined;
  const isLastDayOpen = (report.data?.to ?? to ?? known?.to) === dayIn(new Date(), zone);
  const openSince = isLastDayOpen && !isPublic && dataset?.last_event_at ? dataset.last_event_at : null;

  // The first report comes with its comparison; to one that is read already it is added.
  const [hasComparison, setHasComparison] = useState(false);
  if (!hasComparison && report.data && !(hasDaysBefore && former.isPending)) setHasComparison(true);
  const isComing = report.isPending || (!hasComparison && !report.isError);
  // How much stands above the report hangs on what the datasets say.
  const hasShape = previous === null || !datasets.isPending;
  const isEmpty = report.data?.touchpoints === 0;

  const choice = (
    <SegmentedControl
      aria-label={t("reports.of")}
      value={of}
      onChange={setOf}
      data={[
        { value: "dataset", label: t("reports.of_dataset") },
        { value: "public", label: t("reports.of_public") },
      ]}
    />
  );
  return (
    <>
      <LateFilterBar hasMeter={!isPublic} />
      <PageBody>
        <PageTitle title={t("reports.title")} lead={<Lead report={report.data} known={known} zone={zone} name={isPublic ? t("reports.of_public") : (dataset?.name ?? t("reports.of_dataset"))} />} actions={choice} />
        {!canAsk && datasets.isSuccess && (
          <EmptyState icon={<IconChartBar size={22} stroke={1.7} />} title={t("reports.no_dataset")} text={t("reports.no_dataset_text")}>
            <ImportButton />
          </EmptyState>
        )}
        {!canAsk && datasets.isError && <ErrorState error={datasets.error} onRetry={() => void datasets.refetch()} />}
        {report.isError && <ErrorState error={report.error} onRetry={() => void report.refetch()} />}
        {(canAsk ? !report.isError : datasets.isPending) && hasShape && (
          <div className={`${css.report} ${report.isPlaceholderData ? css.dimmed : ""}`} aria-busy={report.isPlaceholderData}>
            <LaterNote datasets={covered} />
            {!from && !to && report.data?.from && known && report.data.from > known.from && <Note>{t("reports.older_left_out", { days: dayCount({ from: report.data.from, to: report.data.to ?? report.data.from }) })}</Note>}
            {!isEmpty && openSince && <Note>{t("reports.open_day", { time: format.moment(openSince, zone) })}</Note>}
            {!isEmpty && (
              <ComparedWith known={known} isEmpty={!hasDaysBefore || before === null} query={former}>
                {t("reports.compared_charts")}
              </ComparedWith>
            )}
            {isComing || !report.data ? (
              <LoadingReport isCompared={hasDaysBefore} />
            ) : isEmpty ? (
              <NoTouchpoints isPublic={isPublic} />
            ) : (
              <Report
                report={report.data}
                before={before}
                datasetId={isPublic ? null : datasetId}
                question={question}
                isStale={report.isPlaceholderData}
                hasPeriod={Boolean(from && to)}
                isFair={previous !== null && isWhole(report.data, previous, known)}
                isLastDayOpen={isLastDayOpen}
              />
            )}
          </div>
        )}
      </PageBody>
    </>
  );
}

/** What the report is about; before it is there, what its dataset says, or an unseen sentence of that length. */
function Lead({ report, known, zone, name }: { report: DailyReport | undefined; known: Period | null; zone: string; name: string }) {
  const t = useText();
  const format = useFormat();
  const { from, to } = useScope();
  if (report && !report.from) return t("reports.lead_empty", { name, zone });
  const range = format.range(report ?? { from: from ?? known?.from ?? UNSEEN_DAY, to: to ?? known?.to ?? UNSEEN_DAY });
  const lead = t("reports.lead", { name, zone, range });
  return report || known ? lead : <span className={css.unseen}>{lead}</span>;
}

function LoadingReport({ isCompared }: { isCompared: boolean }) {
  return (
    <>
      <LoadingBlock height="var(--summary-height)" />
      {isCompared && <LoadingBlock height="var(--changes-height)" />}
      <div className={css.cards}>
        <LoadingBlock height="var(--card-height)" />
        <LoadingBlock height="var(--card-height)" />
      </div>
    </>
  );
}

function ImportButton() {
  const t = useText();
  return (
    <LinkButton to="/data/imports/new" search={scopeOf}>
      {t("reports.new_import")}
    </LinkButton>
  );
}

function NoTouchpoints({ isPublic }: { isPublic: boolean }) {
  const t = useText();
  const { from, to, filters } = useScope();
  const icon = <IconChartBar size={22} stroke={1.7} />;
  if (filters.length > 0 || from || to) return <NothingInScope title={t("common.scope_empty")} isPublic={isPublic} />;
  if (isPublic) return <EmptyState icon={icon} title={t("reports.empty_public")} text={t("reports.empty_public_text")} />;
  return (
    <EmptyState icon={icon} title={t("reports.empty")} text={t("reports.empty_text")}>
      <ImportButton />
    </EmptyState>
  );
}

interface ReportProps {
  report: DailyReport;
  /** Null: nothing to compare with; undefined: not known. */
  before: DailyReport | null | undefined;
  /** Null for all public datasets. */
  datasetId: string | null;
  question: Query;
  /** The report is of the scope before. */
  isStale: boolean;
  hasPeriod: boolean;
  /** Data covers both periods whole, so that "up" and "down" are true. */
  isFair: boolean;
  isLastDayOpen: boolean;
}

function Report({ report, before, datasetId, question, isStale, hasPeriod, isFair, isLastDayOpen }: ReportProps) {
  const splits: ReportBy[] = datasetId ? SPLITS : [...SPLITS, "dataset"];
  return (
    <>
      <Summary report={report} before={before} hasPeriod={hasPeriod} isFair={isFair} />
      {before && <WhatChanged report={report} before={before} />}
      <div className={css.cards}>
        <CountCard report={report} before={before} datasetId={datasetId} of="customers" isLastDayOpen={isLastDayOpen} />
        <CountCard report={report} before={before} datasetId={datasetId} of="touchpoints" isLastDayOpen={isLastDayOpen} />
        <SplitCards splits={splits} index={0} isDue={!isStale} datasetId={datasetId} question={question} isLastDayOpen={isLastDayOpen} />
      </div>
    </>
  );
}

type SummaryProps = Pick<ReportProps, "report" | "before" | "hasPeriod" | "isFair">;

/** The finding in one sentence and the three numbers with their change. */
function Summary({ report, before, hasPeriod, isFair }: SummaryProps) {
  const t = useText();
  const format = useFormat();
  const { previous, setScope } = useScope();
  const { days } = report;
  const busiest = busiestDay(days, (day) => day.touchpoints);
  const usual = Math.round(usualDay(days));
  const without = daysWithoutData(days);

  function headline(): string {
    const count = report.touchpoints;
    if (isFair && before === null) return t("reports.headline_new", { count });
    if (isFair && before) {
      const ratio = (count - before.touchpoints) / before.touchpoints;
      if (Math.abs(ratio) <= NEARLY_SAME_RATIO) return t("reports.headline_same", { count });
      return t(ratio > 0 ? "reports.headline_up" : "reports.headline_down", { share: format.share(Math.abs(ratio)), count });
    }
    if (!busiest) return "";
    const day = format.day(busiest.date);
    if (days.length === 1) return t("reports.headline_one", { day, count, customers: report.customers });
    return t("reports.headline_busiest", { day, count: busiest.touchpoints });
  }

  const findings = [
    days.length > 1 && busiest && (isFair && before ? t("reports.finding_busiest", { day: format.day(busiest.date), count: busiest.touchpoints, usual }) : t("reports.finding_usual", { usual })),
    without > 0 && t("reports.finding_without", { count: without, days: days.length }),
    days.length > BARS_AT_MOST && t("reports.finding_weeks"),
  ].filter(Boolean);
  const perCustomer = (one: DailyReport) => (one.customers ? one.touchpoints / one.customers : 0);
  const numbers = [
    { label: t("reports.customers"), now: report.customers, was: before && before.customers },
    { label: t("reports.touchpoints"), now: report.touchpoints, was: before && before.touchpoints },
    { label: t("reports.per_customer"), now: perCustomer(report), was: before && perCustomer(before) },
  ];
  return (
    <Card>
      <h2 className={css.headline}>{headline()}</h2>
      <p className={css.finding}>{findings.join(" ")}</p>
      <dl className={css.numbers}>
        {numbers.map(({ label, now, was }, index) => (
          <div key={label} className={css.number}>
            <dt>{label}</dt>
            <dd>
              <div className={css.value}>{index === 2 ? <Tenths value={now} /> : format.number(now)}</div>
              <div className={css.change}>
                {previous && <Change now={now} was={was} kind={index === 2 ? "tenths" : "count"} />}
                {!hasPeriod && index === 0 && t("reports.no_base")}
                {hasPeriod && !previous && index === 0 && (
                  <button type="button" className={css.compare} onClick={() => setScope({ compares: true })}>
                    {t("reports.compare")}
                  </button>
                )}
              </div>
            </dd>
          </div>
        ))}
      </dl>
    </Card>
  );
}

function Tenths({ value }: { value: number }) {
  return useIntl().formatNumber(value, { maximumFractionDigits: 1 });
}

function WhatChanged({ report, before }: { report: DailyReport; before: DailyReport }) {
  const t = useText();
  const format = useFormat();
  const changes = biggestChanges(report.days, before.days, CHANGES_SHOWN);
  if (changes.length === 0) return null;
  return (
    <Card title={t("reports.what_changed")}>
      <p className={css.caption}>{t("reports.what_changed_text", { range: format.range(before) })}</p>
      <ul className={css.changes}>
        {changes.map(({ value, now, before: was }) => (
          <li key={value}>
            {now > was ? <IconArrowUpRight size={16} stroke={1.7} /> : <IconArrowDownRight size={16} stroke={1.7} />}
            <b>{value}</b>
            <span className="num muted small">{t("reports.from_to", { before: was, now })}</span>
            <span className="num">{format.change(now, was)}</span>
          </li>
        ))}
      </ul>
    </Card>
  );
}

/** Customers or touchpoints per day. */
function CountCard({ report, before, datasetId, of, isLastDayOpen }: Pick<ReportProps, "report" | "before" | "datasetId" | "isLastDayOpen"> & { of: "customers" | "touchpoints" }) {
  const t = useText();
  const format = useFormat();
  const intl = useIntl();
  const name = t(`reports.${of}`);
  const { days } = report;
  const best = busiestDay(days, (day) => day[of]);
  const chart = useDayChart(
    days,
    useMemo(() => [{ name, color: COUNT_COLOR, perDay: days.map((day) => day[of]) }], [days, name, of]),
    isLastDayOpen,
    of,
    before,
  );
  const names = useMemo(
    () =>
      before
        ? [
            { name: t("reports.this_period"), color: COUNT_COLOR, count: format.number(report[of]) },
            { name: t("reports.period_before"), color: null, count: format.number(before[of]) },
          ]
        : NO_NAMES,
    [before, report, of, t, format],
  );
  const comparedRows = (former: DailyReport) =>
    days.map((day, index) => {
      const then = former.days[index];
      return { day: day.date, cells: [day[of], then?.date ?? "", ...(then?.touchpoints ? [then[of], day[of] - then[of]] : ["", ""])] };
    });
  return (
    <ChartCard
      id={of}
      title={t(`reports.${of}_per_day`)}
      datasetId={datasetId}
      caption={best ? t(`reports.caption_${of}`, { day: format.day(best.date), count: best[of], total: report[of] }) : ""}
      chart={chart}
      names={names}
      columns={before ? [name, t("reports.column_then"), t(`reports.column_then_${of}`), t("reports.column_change_then")] : [name, t("reports.column_change")]}
      rows={before ? comparedRows(before) : days.map((day, index) => ({ day: day.date, cells: [day[of], index ? day[of] - (days[index - 1]?.[of] ?? 0) : ""] }))}
      formatDay={format.day}
      formatCell={(cell, column, cells) => {
        if (typeof cell === "string") return cell && format.day(cell);
        if (before && column === 3) return format.change(Number(cells[0]), Number(cells[2])) || t("common.compare.same");
        return intl.formatNumber(cell, { signDisplay: !before && column === 1 ? "exceptZero" : "auto" });
      }}
    />
  );
}

interface SplitCardsProps {
  splits: readonly ReportBy[];
  /** Which of `splits` comes first. */
  index: number;
  /** All above is of this scope. */
  isDue: boolean;
  datasetId: string | null;
  question: Query;
  isLastDayOpen: boolean;
}

/** Touchpoints per day split by one field, then by the next: how high a card becomes its values say, so the others wait below it. */
function SplitCards({ index, isDue, ...props }: SplitCardsProps) {
  const { splits, datasetId, question, isLastDayOpen } = props;
  const t = useText();
  const by = splits[index] as ReportBy;
  const { ref, entry } = useIntersection();
  // One after the other also out of sight, so that paper has them all: printing waits for nothing.
  const report = useDailyReport(datasetId, by, question, isDue || Boolean(entry?.isIntersecting));
  let inside: ReactNode;
  if (report.isError) inside = <ErrorState error={report.error} title={t(`reports.by.${by}`)} onRetry={() => void report.refetch()} />;
  else if (!report.data) inside = <LoadingBlock height="var(--card-height)" />;
  else inside = <SplitChart by={by} datasetId={datasetId} report={report.data} isLastDayOpen={isLastDayOpen} />;
  const isWide = index === 0 || (index === splits.length - 1 && splits.length % 2 === 0);
  return (
    <>
      <div ref={ref} className={isWide ? css.wide : undefined}>
        {inside}
      </div>
      {!report.isPending && index + 1 < splits.length && <SplitCards {...props} index={index + 1} isDue={isDue && !report.isPlaceholderData} />}
    </>
  );
}

function SplitChart({ by, datasetId, report, isLastDayOpen }: Pick<ReportProps, "datasetId" | "report" | "isLastDayOpen"> & { by: ReportBy }) {
  const t = useText();
  const format = useFormat();
  const { days } = report;
  const layers = useMemo(() => layersOf(days), [days]);
  const named = useMemo(() => {
    const nameOf = (layer: Layer): string => {
      if (layer.kind === "other") return t("reports.other_values", { count: layer.values });
      if (layer.kind === "not_set") return t("common.not_set");
      return layer.value;
    };
    return layers.map((layer, index) => ({ ...layer, name: nameOf(layer), color: layer.kind === "not_set" ? "cat-8" : `cat-${index + 1}` }));
  }, [layers, t]);
  const chart = useDayChart(days, named, isLastDayOpen, "touchpoints");
  const searchOf = useMapOf(by);
  const names = useMemo(
    () => named.map((layer) => ({ name: layer.name, color: layer.color, count: format.number(layer.total), share: format.share(layer.total / report.touchpoints), ...searchOf(layer) })),
    [named, report, searchOf, format],
  );
  const title = t(`reports.by.${by}`);
  const first = named.find((layer) => layer.kind === "value");
  const unset = layers.find((layer) => layer.kind === "not_set");
  if (!first) {
    return (
      <Card title={title}>
        <div className={css.nothing}>{t("reports.caption_none")}</div>
      </Card>
    );
  }
  const values = { value: first.name, share: format.share(first.total / report.touchpoints), count: first.total, total: report.touchpoints };
  return (
    <ChartCard
      id={by}
      title={title}
      datasetId={datasetId}
      caption={unset ? t("reports.caption_by_unset", { ...values, unset: format.share(unset.total / report.touchpoints) }) : t("reports.caption_by", values)}
      chart={chart}
      names={names}
      columns={[t("reports.column_total"), ...named.map((layer) => layer.name)]}
      rows={days.map((day, index) => ({ day: day.date, cells: [day.touchpoints, ...named.map((layer) => layer.perDay[index] ?? 0)] }))}
      formatDay={format.day}
      formatCell={(cell) => (typeof cell === "number" ? format.number(cell) : cell)}
    />
  );
}

/** Gives the scope in which the map shows a layer alone; none for values taken together. */
function useMapOf(by: ReportBy): (layer: Layer) => Pick<SeriesName, "search"> {
  const datasets = useDatasets().data;
  return useCallback(
    (layer) => {
      if (layer.kind === "other") return {};
      if (by === "dataset") {
        const id = datasets?.find(({ name }) => name === layer.value)?.id;
        return id ? { search: (former) => ({ ...scopeOf(former), dataset: id, f: [] }) } : {};
      }
      const term = valueTerm(by, [layer.value]);
      return {
        search: (former) => {
          const scope = scopeOf(former);
          return term ? { ...scope, f: withTerm(scope.f ?? [], term) } : scope;
        },
      };
    },
    [by, datasets],
  );
}

/** Makes the chart of some layers; stable as long as its inputs are. */
function useDayChart(days: Day[], layers: { name: string; color: string; perDay: number[] }[], isLastDayOpen: boolean, of: "customers" | "touchpoints", former?: DailyReport | null): DayChart {
  const t = useText();
  const format = useFormat();
  const { locale } = useIntl();
  return useMemo(() => {
    const short = new Intl.DateTimeFormat(locale, { day: "numeric", month: "short", timeZone: "UTC" });
    const tenths = new Intl.NumberFormat(locale, { maximumFractionDigits: 1 });
    const number = (value: number) => tenths.format(value);
    const bars = bucketsOf(days, BARS_AT_MOST);
    const series = layers.map(({ name, color, perDay }) => ({ name, color, values: averages(days, perDay, bars) }));
    const totals = averages(days, days.map((day) => day[of]), bars);
    const before = former ? { range: format.range(former), values: averages(former.days, former.days.map((day) => day[of]), bars) } : null;

    function details(index: number): DayDetails {
      const bar = bars[index];
      const total = totals[index];
      if (!bar) return { day: "", lines: [], note: "" };
      const title = titleOf(days, bar);
      const formerLines = former && before ? [{ name: titleOf(former.days, bar), color: null, value: before.values[index] ? number(before.values[index]) : t("reports.tooltip_none"), isBefore: true }] : [];
      if (!total) return { day: title, lines: formerLines, note: t("reports.tooltip_none") };
      const lines: DayDetails["lines"] = series
        .map(({ name, color, values }) => ({ name, color, count: values[index] ?? 0 }))
        .filter(({ count }) => count > 0)
        .map(({ name, color, count }) => ({ name, color, value: series.length > 1 ? t("reports.tooltip_part", { count: number(count), share: format.share(count / total) }) : number(count) }));
      if (series.length > 1) lines.unshift({ name: t("reports.tooltip_total"), color: null, value: number(total) });
      return { day: title, lines: [...lines, ...formerLines], note: noteOf(index, total) };
    }

    function titleOf(of: readonly Day[], { start, end }: Bucket): string {
      const [from, to] = [of[start]?.date ?? "", of[end - 1]?.date ?? ""];
      return from === to ? format.day(from) : format.range({ from, to });
    }

    function noteOf(index: number, total: number): string {
      if (isLastDayOpen && index === bars.length - 1) return t("reports.tooltip_open");
      const then = before?.values[index];
      const change = then ? t("reports.tooltip_compared", { change: format.change(total, then) || t("common.compare.same") }) : "";
      if (bars.length < days.length) return [t("reports.tooltip_average"), change].filter(Boolean).join(". ");
      const dayBefore = before ? "" : format.change(total, totals[index - 1] ?? 0);
      return index > 0 && dayBefore ? t("reports.tooltip_change", { change: dayBefore }) : change;
    }

    return {
      days: bars.map((bar) => bar.from),
      series,
      before,
      isLastDayOpen,
      formatShortDay: (date) => short.format(new Date(`${date}T00:00:00Z`)),
      formatNumber: number,
      details,
    };
  }, [days, layers, isLastDayOpen, of, former, t, format, locale]);
}
