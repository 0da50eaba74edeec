import { Link } from "@tanstack/react-router";
import { useText } from "@/messages";
import type { AppSearch } from "@/shared/search";
import css from "./reports.module.css";

/** What says which series is which: in the chart beside it, or in a list below. */
export interface SeriesName {
  name: string;
  /** Name of a colour token; null for the dashed line of the period before. */
  color: string | null;
  count: string;
  share?: string;
  /** The scope in which the map shows this series; without one there is no link. */
  search?: (former: AppSearch) => AppSearch;
}

export function Swatch({ color }: { color: string | null }) {
  return <span className={css.swatch} data-before={color === null} style={color ? { background: `var(--${color})` } : undefined} />;
}

/** The name on one line, cut where it does not fit; leads to the map. */
export function NameLink({ series: { name, search } }: { series: SeriesName }) {
  const t = useText();
  return (
    <span className={css.legendName} title={name}>
      {search ? (
        <Link to="/explore/map" search={search} aria-label={t("reports.open_map_of", { value: name })}>
          {name}
        </Link>
      ) : (
        name
      )}
    </span>
  );
}

/** The names of many series, with their totals, below the chart. */
export function Legend({ names }: { names: readonly SeriesName[] }) {
  return (
    <ul className={css.legend}>
      {names.map((series) => (
        <li key={`${series.color}:${series.name}`}>
          <Swatch color={series.color} />
          <NameLink series={series} />
          <span className={css.legendCount}>{series.count}</span>
          <span className={css.legendShare}>{series.share}</span>
        </li>
      ))}
    </ul>
  );
}
