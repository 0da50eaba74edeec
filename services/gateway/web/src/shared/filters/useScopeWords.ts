import type { Analysis } from "@/api/types";
import { useText } from "@/messages";
import { useFormat } from "@/shared/format";
import { useTermText } from "./useTermText";

/** Settings with a name of their own, in the order in which they are chosen. */
const NAMED_SETTINGS = ["dependency_threshold", "and_threshold", "loop_two_threshold", "noise_threshold"];

/** What numbers were counted in: period, journeys where known, filters, and the settings of a model. */
export type CountedIn = Pick<Analysis, "from" | "to" | "filter"> & Partial<Pick<Analysis, "case" | "session_gap_minutes" | "parameters">>;

/** Says a scope in words, one text per part: period, what makes a journey, each filter as its chip says it, each setting. */
export function useScopeWords(): (scope: CountedIn) => string[] {
  const t = useText();
  const f = useFormat();
  const termText = useTermText();
  return ({ from, to, filter, case: unit, session_gap_minutes: minutes, parameters = {} }) => {
    const period =
      from && to
        ? f.range({ from, to })
        : from
          ? t("filters.scope.from", { from: f.day(from) })
          : to
            ? t("filters.scope.to", { to: f.day(to) })
            : t("filters.scope.all");
    return [
      period,
      ...(unit ? [t(`filters.scope.${unit === "session" && minutes ? "session_gap" : unit}`, { minutes })] : []),
      ...filter.map((term) => termText(term).whole),
      ...Object.entries(parameters)
        .sort(([one], [other]) => NAMED_SETTINGS.indexOf(one) - NAMED_SETTINGS.indexOf(other))
        .map(([name, value]) => t(`filters.setting.${NAMED_SETTINGS.includes(name) ? name : "other"}`, { name, value, share: f.share(value) })),
    ];
  };
}
