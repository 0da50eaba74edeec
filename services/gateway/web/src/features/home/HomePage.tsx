import { Button } from "@mantine/core";
import { IconDatabaseOff, IconRoute } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { lazy, Suspense } from "react";
import { useAnalyses, useDailyReport, useDatasets, useHome, useImports, useJourneysByDay } from "@/api/hooks";
import type { Dataset, Home, ShareCount } from "@/api/types";
import { T, useText } from "@/messages";
import { Change, ComparedWith, daysKnown, formerOf } from "@/shared/compare";
import { LateFilterBar } from "@/shared/filters/LateFilterBar";
import { useScopeWords } from "@/shared/filters/useScopeWords";
import { useFormat } from "@/shared/format";
import { LaterNote } from "@/shared/LaterNote";
import { NothingInScope } from "@/shared/NothingInScope";
import { boundedPeriod, dayIn, daysWithin, isAllAhead, type Period } from "@/shared/period";
import { useScope } from "@/shared/scope";
import { scopeOf, scopeOfAnalysis } from "@/shared/search";
import { Card, DataTable, EmptyState, ErrorState, LinkButton, LoadingBlock, LoadingRows, PageBody, PageTitle } from "@/shared/ui";
import { FirstRun } from "./FirstRun";
import { daysOf } from "./days";
import css from "./HomePage.module.css";
import { NewsCard, useNews } from "./News";
import { Sparkline } from "./Sparkline";

// Its tooltip would take a tenth of the first page's budget, and few need it.
const LockedButton = lazy(async () => ({ default: (await import("@/shared/ui/LockedButton")).LockedButton }));

/** Home: the state of the dataset at a glance and the ways on. */
export default function HomePage() {
  const t = useText();
  const datasets = useDatasets();
  const { dataset } = useScope();
  if (datasets.isError) {
    return (
      <PageBody>
        <PageTitle title={t("home.title")} />
        <ErrorState error={datasets.error} onRetry={() => void datasets.refetch()} />
      </PageBody>
    );
  }
  if (datasets.data?.length === 0) {
    return (
      <PageBody>
        <PageTitle title={t("home.first.title")} lead={t("home.first.lead")} />
        <FirstRun />
      </PageBody>
    );
  }
  if (!dataset) {
    return (
      <PageBody>
        <PageTitle title={t("home.title")} />
        {datasets.isPending ? <LoadingBlock height={320} /> : <EmptyState icon={<IconDatabaseOff size={22} stroke={1.7} />} title={t("common.not_found")} text={t("common.not_found_text")} />}
      </PageBody>
    );
  }
  return (
    <>
      <LateFilterBar />
      <DatasetHome key={dataset.id} dataset={dataset} />
    </>
  );
}

function DatasetHome({ dataset }: { dataset: Dataset }) {
  const t = useText();
  const format = useFormat();
  const { first_event_at: first, last_event_at: last } = dataset;
  return (
    <PageBody>
      <PageTitle
        title={dataset.name}
        lead={
          first && last ? (
            <T
              id="home.lead"
              values={{
                customers: dataset.customers,
                events: isAllAhead(dataset) ? dataset.events : dataset.events - dataset.later_events,
                steps: dataset.activities,
                first: format.day(dayIn(first, dataset.time_zone)),
                last: format.day(dayIn(last, dataset.time_zone)),
                isOneDay: dayIn(first, dataset.time_zone) === dayIn(last, dataset.time_zone) ? "yes" : "no",
              }}
            />
          ) : undefined
        }
        actions={
          dataset.events > 0 &&
          (dataset.access.can_analyse ? (
            <LinkButton to="/explore/map" search={scopeOf} leftSection={<IconRoute size={16} stroke={1.7} />}>
              {t("home.open_map")}
            </LinkButton>
          ) : (
            <Suspense fallback={<Button disabled>{t("home.open_map")}</Button>}>
              <LockedButton reason={t("home.map_locked", { name: dataset.name, owner: dataset.owner })}>{t("home.open_map")}</LockedButton>
            </Suspense>
          ))
        }
      />
      {dataset.events === 0 ? (
        <Card>
          <EmptyState icon={<IconRoute size={22} stroke={1.7} />} title={t("home.no_events")} text={t("home.no_events_text")}>
            <LinkButton to="/data/imports/new" search={scopeOf}>
              {t("home.add_events")}
            </LinkButton>
          </EmptyState>
        </Card>
      ) : (
        <div className={css.grid}>
          <div className={css.wide}>
            <LaterNote datasets={[dataset]} />
            <Numbers dataset={dataset} />
          </div>
          <div className={css.side}>
            <Recent dataset={dataset} />
          </div>
        </div>
      )}
    </PageBody>
  );
}

/** The numbers of the scope, and how they changed where the reader compares. */
function Numbers({ dataset }: { dataset: Dataset }) {
  const t = useText();
  const format = useFormat();
  const { from, to, previous, question } = useScope();
  const known = daysKnown([dataset], dataset.time_zone);
  const hasDays = previous !== null && daysWithin(previous, known) > 0;
  // Without a period Home is of all time, so far.
  const home = useHome(dataset.id, { ...question, to });
  const query = useDailyReport(dataset.id, "action_type", { ...question, ...previous }, hasDays);
  const before = formerOf(query, hasDays, ({ touchpoints }) => touchpoints === 0);
  const period = home.data && !home.isError ? boundedPeriod(home.data.from, home.data.to) : boundedPeriod(from, to);
  const journeys = <JourneyTiles dataset={dataset} period={period} days={home.data ? home.data.days.map(({ date }) => date) : null} hasBefore={before !== null} />;
  const news = useNews(dataset);
  if (home.isError) {
    return (
      <>
        <Card>
          <ErrorState error={home.error} onRetry={() => void home.refetch()} />
        </Card>
        <div className={css.tiles}>{journeys}</div>
      </>
    );
  }
  if (!home.data || home.isPlaceholderData || news.isPending) return <LoadingBlock height={480} />;
  if (home.data.touchpoints === 0) {
    return (
      <Card>
        <NothingInScope title={t("common.scope_empty")} />
      </Card>
    );
  }
  return (
    <>
      <ComparedWith known={known} isEmpty={before === null} query={query} />
      <NewsCard dataset={dataset} answer={news} />
      <div className={css.tiles}>
        <CountTile kind="customers" home={home.data} period={period} before={before} />
        <CountTile kind="touchpoints" home={home.data} period={period} before={before} />
        {journeys}
      </div>
      <div className={css.shares}>
        <ShareCard title={t("home.actions")} items={home.data.actions} />
        <ShareCard title={t("home.channels")} items={home.data.channels} />
        <ShareCard title={t("home.devices")} items={home.data.device_categories} />
      </div>
      <h2 className={css.section}>{t("home.newest")}</h2>
      <DataTable
        caption={t("home.newest")}
        cards
        rows={home.data.newest}
        rowKey={(event) => event.event_id}
        columns={[
          { key: "customer", label: t("common.field.customer_id"), render: (event) => event.customer_id },
          { key: "step", label: t("common.field.action_type"), render: (event) => event.action_type },
          { key: "time", label: t("common.field.time"), render: (event) => <span className="num">{format.moment(event.time, dataset.time_zone)}</span> },
          { key: "channel", label: t("common.field.channel_type"), render: (event) => event.fields["channel_type"] ?? <span className="muted">{t("common.not_set")}</span> },
          { key: "device", label: t("common.field.device_category"), render: (event) => event.fields["device_category"] ?? <span className="muted">{t("common.not_set")}</span> },
        ]}
      />
    </>
  );
}

interface CountTileProps {
  kind: "customers" | "touchpoints";
  home: Home;
  /** Null for all time. */
  period: Period | null;
  before: Pick<Home, "customers" | "touchpoints"> | null | undefined;
}

function CountTile({ kind, home, period, before }: CountTileProps) {
  const t = useText();
  const format = useFormat();
  const { previous } = useScope();
  const days = daysOf(home.days);
  const last = days.findLast((day) => day.touchpoints !== null);
  const label = { of: period ? "period" : "all", range: period && format.range(period) };
  return (
    <section className={css.tile}>
      <h2 className={css.tileLabel}>{t(`home.${kind}`, label)}</h2>
      <div className={css.hero}>{format.number(home[kind])}</div>
      {previous && <Change now={home[kind]} was={before && before[kind]} />}
      {days.length > 1 && last && (
        <>
          <Sparkline values={days.map((day) => day[kind])} label={t(`home.spark.${kind}`, { ...label, count: days.length })} />
          <p className={css.caption}>{t(`home.spark_caption.${kind}`, { ...label, count: days.length, last: last[kind], day: format.day(last.date) })}</p>
        </>
      )}
    </section>
  );
}

interface JourneyTilesProps {
  dataset: Dataset;
  /** Null for all time. */
  period: Period | null;
  /** The days a line has room for; null where they are not known. */
  days: string[] | null;
  /** The previous period may have data. */
  hasBefore: boolean;
}

/** How many journeys there are, where they are more than the customers, and the share that reaches the goal. */
function JourneyTiles({ dataset, period, days, hasBefore }: JourneyTilesProps) {
  const t = useText();
  const format = useFormat();
  const { previous, unit, question } = useScope();
  const goal = dataset.goal_activity;
  const isAsked = dataset.access.can_analyse && (unit === "session" || Boolean(goal));
  const query = useJourneysByDay(dataset.id, question, isAsked);
  const former = useJourneysByDay(dataset.id, { ...question, ...previous }, isAsked && previous !== null && hasBefore);
  const before = formerOf(former, hasBefore, ({ journeys }) => journeys === 0);
  if (!isAsked) return null;
  const label = { of: period ? "period" : "all", range: period && format.range(period) };
  const known = query.isPlaceholderData ? undefined : query.data;
  const byDay = new Map(known?.days.map((day) => [day.date, day]));
  const found = (days ?? []).map((date) => byDay.get(date) ?? null);
  // Whole customers begin once: of most days there would be nothing to draw.
  const line = found.filter(Boolean).length > found.length / 2 ? found : [];
  const last = line.findLast((day) => day !== null);
  const lineLabel = { ...label, count: line.length };
  const failed = former.isError && previous && <p className={css.caption}>{t("common.compare.failed", { range: format.range(previous) })}</p>;
  if (query.isError) {
    return (
      <section className={css.tile}>
        <ErrorState error={query.error} onRetry={() => void query.refetch()} />
      </section>
    );
  }
  return (
    <>
      {unit === "session" && (
        <section className={css.tile}>
          <h2 className={css.tileLabel}>{t("home.journeys", label)}</h2>
          {!known && <LoadingBlock height={64} />}
          {known && (
            <>
              <div className={css.hero}>{format.number(known.journeys)}</div>
              {previous && (failed || <Change now={known.journeys} was={before && before.journeys} />)}
              {line.length > 1 && last && (
                <>
                  <Sparkline values={line.map((day) => day && day.journeys)} label={t("home.spark.journeys", lineLabel)} />
                  <p className={css.caption}>{t("home.spark_caption.journeys", { ...lineLabel, last: last.journeys, day: format.day(last.date) })}</p>
                </>
              )}
            </>
          )}
        </section>
      )}
      {goal && (
        <section className={css.tile}>
          <h2 className={css.tileLabel}>{t("home.goal", { ...label, goal })}</h2>
          {!known && <LoadingBlock height={64} />}
          {known && (
            <>
              <div className={css.hero}>{format.share(rateOf(known))}</div>
              {previous && (failed ? unit === "customer" && failed : <Change now={rateOf(known)} was={before && rateOf(before)} kind="points" />)}
              {line.length > 1 && last && <Sparkline values={line.map((day) => day && rateOf(day))} label={t("home.spark.goal", lineLabel)} />}
              <p className={css.caption}>
                {t(`home.goal_base.${unit}`, { reached: known.reached, total: known.journeys })}
                {line.length > 1 && last && <> · {t("home.spark_caption.goal", { last: format.share(rateOf(last)), day: format.day(last.date) })}</>}
              </p>
            </>
          )}
        </section>
      )}
    </>
  );
}

/** Part of the journeys that reaches the goal, 0-1. */
const rateOf = ({ journeys, reached }: { journeys: number; reached: number }): number => (journeys > 0 ? reached / journeys : 0);

const SHARES_SHOWN = 6;
const RECENT_SHOWN = 5;

function ShareCard({ title, items }: { title: string; items: ShareCount[] }) {
  const t = useText();
  const format = useFormat();
  const shown = items.slice(0, SHARES_SHOWN);
  const rest = items.slice(SHARES_SHOWN);
  const most = Math.max(0.0001, ...items.map((item) => item.share_ratio));
  const restRatio = rest.reduce((sum, item) => sum + item.share_ratio, 0);
  return (
    <Card title={title}>
      {items.length === 0 && <p className="muted">{t("home.no_values")}</p>}
      <ul className={css.bars}>
        {shown.map((item) => (
          <li key={item.value ?? ""} className={css.bar}>
            <span className={css.barHead}>
              <span className={css.barName} title={item.value ?? undefined}>{item.value ?? t("home.not_set")}</span>
              <span className="num">
                <b>{format.number(item.count)}</b> {item.value !== null && <span className="muted">{format.share(item.share_ratio)}</span>}
              </span>
            </span>
            <span className={css.track}>
              <span className={css.fill} style={{ width: `${(100 * item.share_ratio) / most}%` }} />
            </span>
          </li>
        ))}
        {rest.length > 0 && <li className={css.rest}>{t("home.other_values", { count: rest.length, share: format.share(restRatio) })}</li>}
      </ul>
    </Card>
  );
}

function Recent({ dataset }: { dataset: Dataset }) {
  const t = useText();
  const format = useFormat();
  const words = useScopeWords();
  const analyses = useAnalyses({ dataset_id: dataset.id, limit: RECENT_SHOWN });
  const imports = useImports({ dataset_id: dataset.id, limit: 20 });
  const lastImports = imports.data?.items.filter((item) => !item.check_only && item.status !== "removed").slice(0, RECENT_SHOWN);
  return (
    <>
      <Card title={t("home.pick_up")}>
        {analyses.isError && <ErrorState error={analyses.error} onRetry={() => void analyses.refetch()} />}
        {analyses.isPending && <LoadingRows rows={3} />}
        {analyses.data?.items.length === 0 && <p className="muted">{t("home.pick_up_none")}</p>}
        <ul className={css.list}>
          {analyses.data?.items.map((analysis) => (
            <li key={analysis.id}>
              <Link
                to="/explore/models"
                search={{ ...scopeOfAnalysis(analysis), analysis: analysis.id }}
              >
                {t(`common.analysis.${analysis.kind}`)}
              </Link>
              <span className={css.note}>
                {format.ago(analysis.created_at)} · {words(analysis).join(" · ")}
              </span>
            </li>
          ))}
        </ul>
      </Card>
      <Card title={t("home.imports")}>
        {imports.isError && <ErrorState error={imports.error} onRetry={() => void imports.refetch()} />}
        {imports.isPending && <LoadingRows rows={3} />}
        {lastImports?.length === 0 && <p className="muted">{t("home.imports_none")}</p>}
        <ul className={css.list}>
          {lastImports?.map((item) => (
            <li key={item.id}>
              <Link to="/data/imports/$importId" params={{ importId: item.id }} search={scopeOf}>
                {item.file_name}
              </Link>
              <span className={css.note}>{t("home.import_rows", { count: item.rows_accepted, ago: format.ago(item.created_at) })}</span>
            </li>
          ))}
        </ul>
      </Card>
    </>
  );
}
