import { Button } from "@mantine/core";
import { IconFilterOff } from "@tabler/icons-react";
import { useQueries } from "@tanstack/react-query";
import { api } from "@/api/client";
import type { DailyReport } from "@/api/types";
import { useText } from "@/messages";
import { useTermText } from "@/shared/filters/useTermText";
import { useFormat } from "@/shared/format";
import { boundedPeriod } from "@/shared/period";
import { useScope } from "@/shared/scope";
import { EmptyState } from "@/shared/ui";

interface NothingInScopeProps {
  title: string;
  /** The question was about all public datasets. */
  isPublic?: boolean;
}

/** Nothing of the data lies in the scope: says which part of the scope leaves none, and offers to take it back. */
export function NothingInScope({ title, isPublic = false }: NothingInScopeProps) {
  const t = useText();
  const format = useFormat();
  const termText = useTermText();
  const { from, to, filters, setScope } = useScope();
  const cause = useCause(isPublic);
  const period = boundedPeriod(from, to);
  const says = {
    period: {
      text: period ? t("filters.empty.period", { range: format.range(period) }) : t("filters.empty.open_period"),
      action: t("filters.show_all_days"),
      change: { from: null, to: null },
    },
    filters: { text: t("filters.empty.filters"), action: t("filters.remove_all"), change: { filters: [] } },
    filter: {
      text: t("filters.empty.filter", { count: filters.length, filter: termText(filters[cause?.index ?? 0] ?? "").whole }),
      action: t("filters.remove_it"),
      change: { filters: filters.toSpliced(cause?.index ?? 0, 1) },
    },
  };
  const said = cause && says[cause.kind];
  return (
    <EmptyState icon={<IconFilterOff size={22} stroke={1.7} />} title={title} text={said?.text}>
      {said && (
        <Button
          variant="default"
          onClick={() => {
            // The button goes with what it takes back.
            document.getElementById("content")?.focus();
            setScope(said.change);
          }}
        >
          {said.action}
        </Button>
      )}
    </EmptyState>
  );
}

/** The period where nothing lies in it, else the newest filter without which something is there, else all of them; null while it is not known. */
function useCause(isPublic: boolean): { kind: "period" | "filters" | "filter"; index?: number } | null {
  const { datasetId, from, to, filters, question } = useScope();
  const scope = isPublic ? { from, to } : question;
  const path = isPublic ? "/reports/daily" : `/datasets/${datasetId}/reports/daily`;
  // Without its only one there is no filter.
  const rests = filters.length > 1 ? filters.map((_, index) => filters.toSpliced(index, 1)) : [];
  const [unfiltered, ...without] = useQueries({
    queries: [[], ...rests].map((f) => {
      const asked = { ...scope, f };
      return {
        queryKey: ["datasets", isPublic ? "public" : datasetId, "daily", null, asked],
        queryFn: ({ signal }: { signal: AbortSignal }) => api.get<DailyReport>(path, asked, signal),
      };
    }),
  });
  if (!unfiltered?.data || without.some(({ isPending }) => isPending)) return null;
  if (unfiltered.data.touchpoints === 0) return { kind: "period" };
  const index = filters.length === 1 ? 0 : without.findLastIndex(({ data }) => (data?.touchpoints ?? 0) > 0);
  if (index >= 0) return { kind: "filter", index };
  return filters.length > 0 ? { kind: "filters" } : null;
}
