import { Button, Switch } from "@mantine/core";
import { IconArrowsShuffle, IconCircleCheck, IconCircleDashed, IconClock, IconFilter } from "@tabler/icons-react";
import { useInfiniteQuery } from "@tanstack/react-query";
import { api } from "@/api/client";
import type { Variant, Variants } from "@/api/types";
import { T, useText } from "@/messages";
import { formatTerm, withTerm, type Term } from "@/shared/filters";
import { useFormat } from "@/shared/format";
import { useScope, useUrlState } from "@/shared/scope";
import { EmptyState, ErrorState, HelpHover, LoadingRows, PageBody, useDocumentTitle } from "@/shared/ui";
import { ExploreTabs, WhenReady, type Ready } from "./ExploreLayout";
import { UnitSwitch } from "./ControlBar";
import css from "./explore.module.css";
import { StepChips } from "./panel/SidePanel";

const PAGE_SIZE = 50;
const CHIPS_SHOWN = 24;
const WHY_NOT_KEPT = "why-not-kept";

/** Explore, Variants: the distinct orders of steps, most common first. */
export default function VariantsPage() {
  const t = useText();
  useDocumentTitle(t("explore.tab.variants"));
  return (
    <>
      <ExploreTabs />
      <div className={css.scroll}>
        <WhenReady shape={<WaysShape />}>{(ready) => <Ways key={ready.dataset.id} {...ready} />}</WhenReady>
      </div>
    </>
  );
}

function WaysShape() {
  return (
    <PageBody>
      <LoadingRows rows={10} height={38} />
    </PageBody>
  );
}

function Ways({ dataset }: Ready) {
  const t = useText();
  const f = useFormat();
  const { datasetId, unit, question } = useScope();
  const [repeats, setRepeats] = useUrlState("repeats", "counted", ["ignored"]);
  const ignoresRepeats = repeats === "ignored";
  const query = { ...question, limit: PAGE_SIZE, ...(ignoresRepeats && { ignore_repeats: true }) };
  const ways = useInfiniteQuery({
    queryKey: ["datasets", datasetId, "variants", "pages", query],
    queryFn: ({ pageParam, signal }) => api.get<Variants>(`/datasets/${datasetId}/variants`, { ...query, cursor: pageParam }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next_cursor,
    placeholderData: (former) => former,
  });
  const first = ways.data?.pages[0];
  const items = ways.data?.pages.flatMap((page) => page.items) ?? [];
  const isAllDifferent = !ignoresRepeats && first !== undefined && first.cases > 1 && first.variants_total === first.cases;
  const cumulated = runningSums(items.map((way) => way.share_ratio));
  return (
    <PageBody>
      <h1 className={css.hidden}>{t("explore.variants.title", { name: dataset.name })}</h1>
      <div className={css.toolbar}>
        <p>
          {first && <T id="explore.variants.lead" values={leadOf(first, unit, f.number, f.share)} />}
          {ignoresRepeats && <small id={WHY_NOT_KEPT}>{t("explore.variants.keep_needs_repeats")}</small>}
        </p>
        <div className={css.tools}>
          <span className={css.helped}>
            <Switch
              checked={ignoresRepeats}
              onChange={(event) => setRepeats(event.currentTarget.checked ? "ignored" : "counted")}
              label={t("explore.variants.ignore_repeats")}
            />
            <HelpHover term={t("explore.variants.ignore_repeats")} textId="explore.help.ignore_repeats" helpPage="glossary" />
          </span>
          <UnitSwitch />
        </div>
      </div>
      {ways.isError && <ErrorState error={ways.error} onRetry={() => void ways.refetch()} />}
      {ways.isPending && <LoadingRows rows={10} height={38} />}
      {isAllDifferent && (
        <EmptyState
          icon={<IconArrowsShuffle size={22} stroke={1.7} />}
          title={t("explore.variants.all_different")}
          text={t("explore.variants.all_different_text")}
        >
          <Button onClick={() => setRepeats("ignored")}>{t("explore.variants.ignore_repeats")}</Button>
        </EmptyState>
      )}
      {items.length > 0 && !isAllDifferent && (
        <ol className={css.wayList} aria-busy={ways.isPlaceholderData} style={{ opacity: ways.isPlaceholderData ? 0.6 : 1 }}>
          {items.map((way, index) => (
            <Way
              key={way.activities.join("\u0000")}
              {...{ way, unit, ignoresRepeats }}
              cumulated={cumulated[index] ?? 1}
              goal={dataset.goal_activity}
            />
          ))}
        </ol>
      )}
      {ways.hasNextPage && !isAllDifferent && (
        <div className={css.listEnd}>
          <Button variant="default" loading={ways.isFetchingNextPage} onClick={() => void ways.fetchNextPage()}>
            {t("common.more")}
          </Button>
        </div>
      )}
    </PageBody>
  );
}

function runningSums(values: readonly number[]): number[] {
  const sums: number[] = [];
  for (const value of values) sums.push((sums.at(-1) ?? 0) + value);
  return sums;
}

function leadOf(ways: Variants, unit: string, number: (value: number) => string, share: (ratio: number) => string) {
  const top = ways.items.slice(0, 10);
  return {
    ...{ unit, journeys: number(ways.cases), total: ways.cases, count: ways.variants_total, ways: number(ways.variants_total) },
    ...{ top: top.length, share: share(top.reduce((sum, way) => sum + way.share_ratio, 0)) },
  };
}

interface WayProps {
  way: Variant;
  unit: string;
  /** Share of this way and all before it. */
  cumulated: number;
  goal: string | null;
  ignoresRepeats: boolean;
}

function Way({ way, unit, cumulated, goal, ignoresRepeats }: WayProps) {
  const t = useText();
  const f = useFormat();
  const { filters, setScope } = useScope();
  const term: Term = { kind: "way", field: "way", isNegated: false, sequences: [way.activities] };
  const hasGoal = goal !== null && way.activities.includes(goal);
  const isKept = filters.includes(formatTerm(term));
  return (
    <li className={css.way}>
      <div className={css.wayShare}>
        <b>{f.share(way.share_ratio)}</b>
        <small>{t("explore.variants.count", { unit, count: way.count, number: f.number(way.count) })}</small>
        <div className={css.shareBar}>
          <span style={{ width: `${Math.max(0, cumulated - way.share_ratio) * 100}%` }} />
          <span style={{ width: `${way.share_ratio * 100}%` }} />
        </div>
      </div>
      <div>
        <StepChips steps={way.activities} most={CHIPS_SHOWN} />
        <div className={css.wayFacts}>
          <span>
            <IconClock size={14} stroke={1.7} aria-hidden />
            {way.activities.length === 1
              ? t(ignoresRepeats ? "explore.variants.one_kind" : "explore.variants.one_step")
              : t("explore.variants.median", { time: f.duration(way.median_seconds) })}
          </span>
          {goal !== null && (
            <span data-good={hasGoal || undefined}>
              {hasGoal ? <IconCircleCheck size={14} stroke={1.7} aria-hidden /> : <IconCircleDashed size={14} stroke={1.7} aria-hidden />}
              {t(hasGoal ? "explore.variants.goal" : "explore.variants.no_goal", { goal })}
            </span>
          )}
          <span>{t("explore.variants.cumulated", { share: f.share(Math.min(1, cumulated)) })}</span>
        </div>
      </div>
      <button
        type="button"
        className={css.action}
        disabled={ignoresRepeats || isKept}
        aria-describedby={ignoresRepeats ? WHY_NOT_KEPT : undefined}
        onClick={() => setScope({ filters: withTerm(filters, term) })}
      >
        <IconFilter size={16} stroke={1.7} />
        {t(isKept ? "explore.variants.kept" : "explore.variants.keep")}
      </button>
    </li>
  );
}
