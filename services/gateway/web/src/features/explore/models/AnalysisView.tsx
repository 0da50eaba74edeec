import { Button, Progress, useComputedColorScheme } from "@mantine/core";
import { IconFileTypePng, IconFileTypeSvg, IconHistory } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { api, apiUrl } from "@/api/client";
import { useChange } from "@/api/hooks";
import type { Analysis } from "@/api/types";
import { useText } from "@/messages";
import { hasResult } from "@/shared/analysisLink";
import { useScopeWords } from "@/shared/filters";
import { useFormat } from "@/shared/format";
import { scopeOf } from "@/shared/search";
import { EmptyState, Note, useErrorText } from "@/shared/ui";
import explore from "../explore.module.css";
import css from "./models.module.css";
import { ModelResult } from "./ModelResult";

const WHILE_RUNNING_MS = 700;
const PERCENT = 100;

/** One analysis, read again while its end is to come. */
export function useAnalysis(id: string) {
  return useQuery({
    queryKey: ["analyses", id],
    queryFn: ({ signal }) => api.get<Analysis>(`/analyses/${id}`, {}, signal),
    refetchInterval: ({ state }) => (isRunning(state.data) ? WHILE_RUNNING_MS : false),
  });
}

interface AnalysisViewProps {
  analysis: Analysis;
  /** More about it, below its settings. */
  about?: ReactNode;
  /** What the reader should know before he looks at the picture. */
  note?: ReactNode;
  onSaved?: (format: "svg" | "png") => void;
  /** Leads from one that failed to another; none where no other can be made. */
  onOther?: () => void;
}

/** What an analysis was made from, its pictures to save, and what came of it. */
export function AnalysisView({ analysis, about, note, onSaved, onOther }: AnalysisViewProps) {
  const t = useText();
  const f = useFormat();
  const scheme = useComputedColorScheme();
  const scopeWords = useScopeWords();
  const errorText = useErrorText();
  const { id, kind, status, dataset_name, events, cases, error, finished_at } = analysis;
  const name = t(`common.analysis.${kind}`);
  const cancel = useChange(() => api.post<Analysis>(`/analyses/${id}/cancel`), [["analyses"]]);
  const picture = (format: "svg" | "png"): string => apiUrl(`/analyses/${id}/graph.${format}`, scheme === "dark" ? { theme: "dark" } : {});
  return (
    <>
      <div className={css.bar}>
        <div>
          <h2>{name}</h2>
          <p>
            {hasResult(analysis)
              ? t("explore.model.of", {
                  dataset: dataset_name,
                  unit: analysis.case,
                  count: cases,
                  journeys: f.number(cases),
                  events: f.number(events),
                  ago: finished_at ? f.ago(finished_at) : "",
                })
              : dataset_name}
          </p>
          <p>{scopeWords(analysis).join(" · ")}</p>
          {about && <p>{about}</p>}
        </div>
        <div className={css.barActions}>
          {hasResult(analysis) && (
            <>
              <a className={explore.action} href={picture("svg")} download={`${dataset_name} - ${name}.svg`} onClick={() => onSaved?.("svg")}>
                <IconFileTypeSvg size={16} stroke={1.7} />
                {t("explore.model.svg")}
              </a>
              <a className={explore.action} href={picture("png")} download={`${dataset_name} - ${name}.png`} onClick={() => onSaved?.("png")}>
                <IconFileTypePng size={16} stroke={1.7} />
                {t("explore.model.png")}
              </a>
            </>
          )}
          <Link to="/history" className={explore.action} search={scopeOf}>
            <IconHistory size={16} stroke={1.7} />
            {t("explore.model.history")}
          </Link>
        </div>
      </div>
      {note && <div className={css.notes}>{note}</div>}
      {status === "partial" && <Note tone="warn">{t("explore.model.partial")}</Note>}
      {hasResult(analysis) && <ModelResult analysis={analysis} />}
      {isRunning(analysis) && (
        <div className={css.running} role="status">
          <b>{t(`explore.model.${status}`)}</b>
          <Progress className={css.progress} value={Math.max(3, analysis.progress_ratio * PERCENT)} animated aria-label={t("explore.model.progress")} />
          <p>{t("explore.model.leave")}</p>
          {cancel.error && <Note tone="danger">{errorText(cancel.error)}</Note>}
          <Button variant="default" loading={cancel.isPending} onClick={() => cancel.mutate(undefined)}>
            {t("common.cancel")}
          </Button>
        </div>
      )}
      {(status === "failed" || status === "cancelled") && (
        <EmptyState title={t(`explore.model.${status}`)} text={error?.detail}>
          {onOther && (
            <Button variant="default" onClick={onOther}>
              {t("explore.model.other")}
            </Button>
          )}
        </EmptyState>
      )}
    </>
  );
}

export const isRunning = (analysis: Analysis | undefined): boolean => analysis?.status === "queued" || analysis?.status === "running";
