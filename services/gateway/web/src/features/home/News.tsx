import { IconArrowDownRight, IconArrowUpRight } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useIntl } from "react-intl";
import { useDailyReport } from "@/api/hooks";
import type { Dataset } from "@/api/types";
import { useText } from "@/messages";
import { parseTerm, valueTerm, withTerm } from "@/shared/filters/terms";
import { useFormat } from "@/shared/format";
import { addDays, dayIn } from "@/shared/period";
import { useScope } from "@/shared/scope";
import { scopeOf, type AppSearch } from "@/shared/search";
import { Card, ErrorState } from "@/shared/ui";
import css from "./HomePage.module.css";
import { newsOf, newsPeriod, type News } from "./news";

export interface NewsAnswer {
  /** The last day of the scope that is over. */
  day: string;
  isPending: boolean;
  /** What failed, and how to ask again. */
  error: Error | null;
  retry: () => void;
  /** Null where too little is known to say what is usual. */
  news: News[] | null;
}

/**
 * What stands out of the last whole day of the scope. Nothing where it filters journeys: those of its last days are not over, and weeks
 * that are asked for by themselves hold other ones than the scope.
 */
export function useNews(dataset: Dataset): NewsAnswer {
  const { to, filters, question } = useScope();
  const canTell = filters.every((filter) => parseTerm(filter)?.kind === "attribute");
  const today = dayIn(new Date(), dataset.time_zone);
  const newest = dataset.last_event_at ? dayIn(dataset.last_event_at, dataset.time_zone) : today;
  const last = to && to < newest ? to : newest;
  const day = last >= today ? addDays(today, -1) : last;
  const asked = { ...question, ...newsPeriod(day) };
  const steps = useDailyReport(dataset.id, "action_type", asked, canTell);
  const channels = useDailyReport(dataset.id, "channel_type", asked, canTell);
  const devices = useDailyReport(dataset.id, "device_category", asked, canTell);
  const all = [steps, channels, devices];
  const isKnown = canTell && steps.data && channels.data && devices.data && !all.some(({ isPlaceholderData }) => isPlaceholderData);
  return {
    day,
    isPending: canTell && all.some((query) => query.isPending || query.isPlaceholderData),
    error: canTell ? (all.find((query) => query.isError)?.error ?? null) : null,
    retry: () => all.filter((query) => query.isError).forEach((query) => void query.refetch()),
    news: isKnown ? newsOf(day, [["action_type", steps.data], ["channel_type", channels.data], ["device_category", devices.data]]) : null,
  };
}

/** The news in sentences, each with a way to look closer; nothing where nobody can say what is usual. */
export function NewsCard({ dataset, answer: { day, error, retry, news } }: { dataset: Dataset; answer: NewsAnswer }) {
  const t = useText();
  const format = useFormat();
  const { locale } = useIntl();
  const weekday = new Intl.DateTimeFormat(locale, { weekday: "long", timeZone: "UTC" }).format(new Date(`${day}T00:00:00Z`));
  const title = t("home.news", { when: day === addDays(dayIn(new Date(), dataset.time_zone), -1) ? "yesterday" : "day", day: format.day(day) });
  if (error) {
    return (
      <Card title={title}>
        <ErrorState error={error} onRetry={retry} />
      </Card>
    );
  }
  if (!news) return null;

  function sentence({ kind, value, now, total, usual }: News): string {
    if (kind !== "touchpoints" && kind !== "customers") {
      return t("home.news.share", { kind, value, now, total, weekday, share: format.share(now / total), isNew: usual === 0 ? "yes" : "no", usual: format.share(usual) });
    }
    return t(`home.news.${kind}`, { now, weekday, usual: Math.round(usual), turn: now > usual ? "more" : "fewer", change: format.share(Math.abs(now - usual) / usual) });
  }

  function searchOf({ kind, value }: News): (former: AppSearch) => AppSearch {
    return (former) => {
      const scope = { ...scopeOf(former), from: day, to: day };
      const term = value ? valueTerm(kind, [value]) : null;
      return term ? { ...scope, f: withTerm(scope.f ?? [], term) } : scope;
    };
  }

  return (
    <Card title={title}>
      {news.length === 0 && <p className="muted">{t("home.news.none", { weekday })}</p>}
      <ul className={css.news}>
        {news.map((item) => {
          const isMore = item.now > (item.value ? item.usual * item.total : item.usual);
          return (
            <li key={`${item.kind}:${item.value}`}>
              {isMore ? <IconArrowUpRight size={16} stroke={1.7} /> : <IconArrowDownRight size={16} stroke={1.7} />}
              <Link to={item.value && dataset.access.can_analyse ? "/explore/map" : "/reports"} search={searchOf(item)}>
                {sentence(item)}
              </Link>
            </li>
          );
        })}
      </ul>
    </Card>
  );
}
