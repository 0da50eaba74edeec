import { IconHistory } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Navigate } from "@tanstack/react-router";
import { useEffect } from "react";
import { ApiError, api } from "@/api/client";
import { datasetsQuery, useMe, usePeople } from "@/api/hooks";
import type { Analysis, JournalEntry, Page } from "@/api/types";
import { warmUpLayout } from "@/features/explore/draw/layoutClient";
import explore from "@/features/explore/explore.module.css";
import { CanvasShape } from "@/features/explore/MapShape";
import { AnalysisView, useAnalysis } from "@/features/explore/models/AnalysisView";
import { useResult } from "@/features/explore/models/ModelResult";
import css from "@/features/explore/models/models.module.css";
import { T, useText } from "@/messages";
import { hasResult, useAnalysisLink } from "@/shared/analysisLink";
import { useFormat } from "@/shared/format";
import { noteExport } from "@/shared/noteExport";
import { usePathParam } from "@/shared/scope";
import { scopeOf, type AppSearch } from "@/shared/search";
import { EmptyState, ErrorState, LinkButton, Note, useDocumentTitle } from "@/shared/ui";

/** History, a result of a deleted dataset: what is stored of it, and nothing that would need the dataset. */
export default function FrozenPage() {
  const t = useText();
  useDocumentTitle(t("history.frozen.title"));
  useEffect(warmUpLayout, []);
  return (
    <section className={css.frozen} aria-label={t("explore.model.region")}>
      <h1 className={explore.hidden}>{t("history.frozen.title")}</h1>
      <Frozen />
    </section>
  );
}

function Frozen() {
  const t = useText();
  const linkOf = useAnalysisLink();
  const analysis = useAnalysis(usePathParam("analysisId"));
  const result = useResult(analysis.data);
  // It may have been restored since the list was read.
  const datasets = useQuery({ ...datasetsQuery, refetchOnMount: "always" });
  const deletion = useDeletion(analysis.data?.dataset_id);
  const failed = [analysis, result, datasets, deletion].find(({ isError }) => isError);
  if (failed?.error instanceof ApiError && [403, 404].includes(failed.error.status)) {
    return (
      <EmptyState icon={<IconHistory size={22} stroke={1.7} />} title={t("history.frozen.gone")} text={t("history.frozen.gone_text")}>
        <LinkButton to="/history" search={scopeOf}>
          {t("history.frozen.open_history")}
        </LinkButton>
      </EmptyState>
    );
  }
  if (failed) return <ErrorState error={failed.error} onRetry={() => void failed.refetch()} />;
  const isWaiting = !analysis.data || result.isLoading || !datasets.isFetchedAfterMount || deletion.isPending;
  if (isWaiting) return <CanvasShape className={css.canvas} />;
  if (datasets.data?.some(({ id }) => id === analysis.data.dataset_id)) return <Navigate {...linkOf(analysis.data)} replace />;
  const { id, kind, dataset_id } = analysis.data;
  return (
    <AnalysisView
      analysis={analysis.data}
      about={<Made analysis={analysis.data} />}
      note={hasResult(analysis.data) && deletion.data && <Deleted {...deletion.data} />}
      onSaved={(format) => noteExport(dataset_id, { object: "model", format, name: t(`common.analysis.${kind}`), object_id: id, address: location.pathname })}
    />
  );
}

/** What the journal tells of the deletion of a dataset; null where it is not deleted any more. */
function useDeletion(datasetId: string | undefined) {
  return useQuery({
    queryKey: ["journal", "deletion", datasetId],
    queryFn: async ({ signal }) => {
      const { items } = await api.get<Page<JournalEntry>>("/journal", { kind: ["deleted"], dataset_id: datasetId }, signal);
      const found = items.find(({ restorable_until }) => restorable_until !== null);
      return found?.restorable_until ? { name: found.dataset_name, until: found.restorable_until, canRestore: found.can_restore } : null;
    },
    enabled: datasetId !== undefined,
  });
}

function Deleted({ name, until, canRestore }: { name: string; until: string; canRestore: boolean }) {
  const t = useText();
  const format = useFormat();
  return (
    <Note>
      <T id="history.frozen.note" values={{ dataset: name, day: format.day(until) }} />
      {canRestore && (
        <div className={css.ways}>
          <LinkButton variant="default" to="/history" search={(former: AppSearch) => ({ ...scopeOf(former), show: "deleted" })}>
            {t("history.frozen.restore")}
          </LinkButton>
        </div>
      )}
    </Note>
  );
}

/** Who made it, and when. */
function Made({ analysis: { created_by_id, created_at } }: { analysis: Analysis }) {
  const t = useText();
  const format = useFormat();
  const me = useMe().data?.user;
  const name = usePeople().data?.find(({ id }) => id === created_by_id)?.username ?? "";
  const by = created_by_id === me?.id ? "me" : name ? "other" : "unknown";
  return t("history.frozen.made", { by, name, when: format.moment(created_at) });
}
