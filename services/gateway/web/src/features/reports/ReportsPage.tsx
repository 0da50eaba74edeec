import { SegmentedControl } from "@mantine/core";
import { useIntersection } from "@mantine/hooks";
import { IconArrowDownRight, IconArrowUpRight, IconChartBar } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useMemo, type ReactNode } from "react";
import { useIntl } from "react-intl";
import { useDailyReport, useDatasets } from "@/api/hooks";
import type { DailyReport, Dataset, ReportBy } from "@/api/types";
import { useText } from "@/messages";
import { Change, ComparedWith, daysKnown, formerOf, isWhole } from "@/shared/compare";
import type { Query } from "@/api/client";
import { valueTerm, withTerm } from "@/shared/filters/terms";
import { LateFilterBar } from "@/shared/filters/LateFilterBar";
import { useFormat } from "@/shared/format";
import { NothingInScope } from "@/shared/NothingInScope";
import { dayIn, daysWithin } from "@/shared/period";
import { useScope, useUrlState } from "@/shared/scope";
import { scopeOf, type AppSearch } from "@/shared/search";
import { Card, EmptyState, ErrorState, LoadingBlock, Note, PageBody, PageTitle } from "@/shared/ui";
import { LinkButton } from "@/shared/ui/LinkButton";
import type { DayChart, DayDetails } from "./chart";
import { ChartCard } from "./ChartCard";
import { averages, biggestChanges, bucketsOf, busiestDay, daysWithoutData, layersOf, usualDay, type Bucket, type Day, type Layer } from "./report";
import css from "./reports.module.css";

const SPLITS: ReportBy[] = ["action_type", "channel_type", "device_category", "device_os", "device_browser"];
const NEARLY_SAME_RATIO = 0.02;
const CHANGES_SHOWN = 4;
const BARS_AT_MOST = 400;
const CARD_HEIGHT_PX = 360;

/** Reports: the daily report of one dataset or of all public ones. */
export default function ReportsPage() {
  const t = useText();
  const { datasetId, dataset, from, to, filters, question: ofDataset } = useScope();
  const datasets = useDatasets();
  const [of, setOf] = useUrlState("of", "dataset");
  const isPublic = of === "public";
  // Each public dataset puts journeys together in its own way.
  const question = isPublic ? { from, to, f: filters } : ofDataset;
  const canAsk = isPublic || datasetId !== null;
  const report = useDailyReport(isPublic ? null : datasetId, "action_type", question, canAsk);

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
        <PageTitle title={t("reports.title")} lead={report.data && <Lead report={report.data} name={isPublic ? t("reports.of_public") : (dataset?.name ?? "")} />} actions={choice} />
        {!canAsk && datasets.isSuccess && (
          <EmptyState icon={<IconChartBar size={22} stroke={1.7} />} title={t("reports.no_dataset")} text={t("reports.no_dataset_text")}>
            <ImportButton />
          </EmptyState>
        )}
        {!canAsk && datasets.isError && <ErrorState error={datasets.error} onRetry={() => void datasets.refetch()} />}
        {report.isError && <ErrorState error={report.error} onRetry={() => void report.refetch()} />}
        {(canAsk ? report.isPending : datasets.isPending) && <LoadingReport />}
        {report.data && !report.isError && (
          <div className={`${css.report} ${report.isPlaceholderData ? css.dimmed : ""}`} aria-busy={report.isPlaceholderData}>
            {report.data.touchpoints === 0 ? (
              <NoTouchpoints isPublic={isPublic} />
            ) : (
              <Report report={report.data} datasetId={isPublic ? null : datasetId} dataset={isPublic ? null : dataset} question={question} hasPeriod={Boolean(from && to)} />
            )}
          </div>
        )}
      </PageBody>
    </>
  );
}

function Lead({ report, name }: { report: DailyReport; name: string }) {
  const t = useText();
  const format = useFormat();
  const zone = report.time_zone;
  return report.from ? t("reports.lead", { name, zone, range: format.range(report) }) : t("reports.lead_empty", { name, zone });
}

function LoadingReport() {
  return (
    <div className={css.report}>
      <LoadingBlock height="var(--headline-height)" />
      <div className={css.cards}>
        {[0, 1, 2, 3].map((index) => (
          <LoadingBlock key={index} height={CARD_HEIGHT_PX} />
        ))}
      </div>
    </div>
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
  /** Null for all public datasets. */
  datasetId: string | null;
  dataset: Dataset | null;
  question: Query;
  hasPeriod: boolean;
}

function Report({ report, datasetId, dataset, question, hasPeriod }: ReportProps) {
  const t = useText();
  const format = useFormat();
  const datasets = useDatasets().data ?? [];
  const { from, to, previous } = useScope();
  const known = daysKnown(dataset ? [dataset] : datasets.filter(({ is_public }) => is_public), report.time_zone);
  const hasDays = previous !== null && daysWithin(previous, known) > 0;
  const query = useDailyReport(datasetId, "action_type", { ...question, ...previous }, hasDays);
  // Not beside the report of the period before this choice, which stays until the new one is there.
  const isOfScope = report.from === from && report.to === to;
  const before = isOfScope ? formerOf(query, hasDays, ({ touchpoints }) => touchpoints === 0) : undefined;
  const isLastDayOpen = report.to === dayIn(new Date(), report.time_zone);
  const openSince = isLastDayOpen && dataset?.last_event_at ? dataset.last_event_at : null;
  const splits: ReportBy[] = datasetId ? SPLITS : [...SPLITS, "dataset"];
  return (
    <>
      {openSince && <Note>{t("reports.open_day", { time: format.moment(openSince, report.time_zone) })}</Note>}
      <ComparedWith known={known} isEmpty={before === null} query={query}>
        {t("reports.compared_charts")}
      </ComparedWith>
      <Summary report={report} before={before} hasPeriod={hasPeriod} isFair={previous !== null && isWhole(report, previous, known)} />
      {before && <WhatChanged report={report} before={before} />}
      <div className={css.cards}>
        <CountCard report={report} before={before} of="customers" isLastDayOpen={isLastDayOpen} />
        <CountCard report={report} before={before} of="touchpoints" isLastDayOpen={isLastDayOpen} />
        {splits.map((by, index) => (
          <SplitCard key={by} by={by} datasetId={datasetId} question={question} isLastDayOpen={isLastDayOpen} isWide={index === 0 || (index === splits.length - 1 && splits.length % 2 === 0)} />
        ))}
      </div>
    </>
  );
}

interface SummaryProps {
  report: DailyReport;
  /** Null: nothing to compare with; undefined: not known. */
  before: DailyReport | null | undefined;
  hasPeriod: boolean;
  /** Data covers both periods whole, so that "up" and "down" are true. */
  isFair: boolean;
}

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
function CountCard({ report, before, of, isLastDayOpen }: { report: DailyReport; before: DailyReport | null | undefined; of: "customers" | "touchpoints"; isLastDayOpen: boolean }) {
  const t = useText();
  const format = useFormat();
  const intl = useIntl();
  const name = t(`reports.${of}`);
  const { days } = report;
  const best = busiestDay(days, (day) => day[of]);
  const chart = useDayChart(
    days,
    useMemo(() => [{ name, color: "freq-3", perDay: days.map((day) => day[of]) }], [days, name, of]),
    isLastDayOpen,
    of,
    before,
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
      caption={best ? t(`reports.caption_${of}`, { day: format.day(best.date), count: best[of], total: report[of] }) : ""}
      chart={chart}
      legend={before && <PeriodLegend report={report} before={before} of={of} />}
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

/** Which of the two periods the bars are and which the line, with their totals. */
function PeriodLegend({ report, before, of }: { report: DailyReport; before: DailyReport; of: "customers" | "touchpoints" }) {
  const format = useFormat();
  return (
    <ul className={css.legend}>
      {[report, before].map((one) => (
        <li key={one.from}>
          <span className={css.swatch} data-before={one === before} style={one === report ? { background: "var(--freq-3)" } : undefined} />
          <span className={css.legendName}>{format.range(one)}</span>
          <span className={css.legendCount}>{format.number(one[of])}</span>
        </li>
      ))}
    </ul>
  );
}

interface SplitCardProps {
  by: ReportBy;
  datasetId: string | null;
  question: Query;
  isLastDayOpen: boolean;
  isWide: boolean;
}

/** Touchpoints per day split by one field; asked for when it comes into sight. */
function SplitCard({ by, datasetId, question, isLastDayOpen, isWide }: SplitCardProps) {
  const t = useText();
  const { ref, entry } = useIntersection({ rootMargin: "300px" });
  const report = useDailyReport(datasetId, by, question, Boolean(entry?.isIntersecting));
  let inside: ReactNode;
  if (report.isError) inside = <ErrorState error={report.error} title={t(`reports.by.${by}`)} onRetry={() => void report.refetch()} />;
  else if (!report.data) inside = <LoadingBlock height={CARD_HEIGHT_PX} />;
  else inside = <SplitChart by={by} report={report.data} isLastDayOpen={isLastDayOpen} />;
  return (
    <div ref={ref} className={isWide ? css.wide : undefined}>
      {inside}
    </div>
  );
}

function SplitChart({ by, report, isLastDayOpen }: { by: ReportBy; report: DailyReport; isLastDayOpen: boolean }) {
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
      caption={unset ? t("reports.caption_by_unset", { ...values, unset: format.share(unset.total / report.touchpoints) }) : t("reports.caption_by", values)}
      chart={chart}
      legend={<Legend by={by} layers={named} total={report.touchpoints} />}
      columns={[t("reports.column_total"), ...named.map((layer) => layer.name)]}
      rows={days.map((day, index) => ({ day: day.date, cells: [day.touchpoints, ...named.map((layer) => layer.perDay[index] ?? 0)] }))}
      formatDay={format.day}
      formatCell={(cell) => (typeof cell === "number" ? format.number(cell) : cell)}
    />
  );
}

type NamedLayer = Layer & { name: string; color: string };

/** Totals of the layers; a value links to the map with the same scope and the value as filter. */
function Legend({ by, layers, total }: { by: ReportBy; layers: NamedLayer[]; total: number }) {
  const t = useText();
  const format = useFormat();
  const datasets = useDatasets().data;
  function linkOf(layer: NamedLayer) {
    const dataset = by === "dataset" ? datasets?.find(({ name }) => name === layer.value) : undefined;
    if (layer.kind === "other" || (by === "dataset" && !dataset)) return layer.name;
    const search = (former: AppSearch): AppSearch => {
      if (dataset) return { ...scopeOf(former), dataset: dataset.id, f: [] };
      const scope = scopeOf(former);
      const term = valueTerm(by, [layer.value]);
      return term ? { ...scope, f: withTerm(scope.f ?? [], term) } : scope;
    };
    return (
      <Link to="/explore/map" search={search} aria-label={t("reports.open_map_of", { value: layer.name })}>
        {layer.name}
      </Link>
    );
  }
  return (
    <ul className={css.legend}>
      {layers.map((layer) => (
        <li key={`${layer.kind}:${layer.value}`}>
          <span className={css.swatch} style={{ background: `var(--${layer.color})` }} />
          <span className={css.legendName} title={layer.name}>
            {linkOf(layer)}
          </span>
          <span className={css.legendCount}>{format.number(layer.total)}</span>
          <span className={css.legendShare}>{format.share(layer.total / total)}</span>
        </li>
      ))}
    </ul>
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
