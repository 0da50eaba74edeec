import { Popover, Progress } from "@mantine/core";
import { useInterval } from "@mantine/hooks";
import { IconCheck, IconProgress } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { lazy, Suspense, useState } from "react";
import { api } from "@/api/client";
import { useAnalyses, useChange, useDatasets, useImports, useMe } from "@/api/hooks";
import type { Analysis, AnalysisInput, Import } from "@/api/types";
import { loadMessages, useText } from "@/messages";
import { useAnalysisLink } from "@/shared/analysisLink";
import { useFormat } from "@/shared/format";
import { useScopeIn } from "@/shared/scope";
import { EmptyState, useErrorText } from "@/shared/ui";
import { analysisJob, importJob, isShown, secondsLeft, type Job } from "./jobs";
import css from "./shell.module.css";

const FollowImports = lazy(async () => {
  const [followed] = await Promise.all([import("@/features/data/wizard/FollowImports"), loadMessages("wizard")]);
  return followed;
});

const WHILE_RUNNING_MS = 2500;
const WHILE_IDLE_MS = 30_000;

/** Running and recently finished analyses and imports; leaving a page never ends a job. */
export function JobsTray() {
  const t = useText();
  const [isOpen, setOpen] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const pace = isBusy || isOpen ? WHILE_RUNNING_MS : WHILE_IDLE_MS;
  const imports = useImports({ limit: 20 }, pace);
  const analyses = useAnalyses({ limit: 20 }, pace);
  const myId = useMe().data?.user.id;
  const [atFirst, setAtFirst] = useState<Import[] | null>(null);
  if (atFirst === null && imports.data) setAtFirst(imports.data.items.filter((item) => importJob(item).isRunning && !item.check_only && item.created_by_id === myId));
  const now = useNow(isBusy || isOpen ? WHILE_RUNNING_MS : WHILE_IDLE_MS);
  const jobs = [...(imports.data?.items ?? []).map(importJob), ...(analyses.data?.items ?? []).map(analysisJob)]
    .filter((job) => isShown(job, now))
    .sort((a, b) => Number(b.isRunning) - Number(a.isRunning) || b.createdAt.localeCompare(a.createdAt));
  const running = jobs.filter((job) => job.isRunning).length;
  if (running > 0 !== isBusy) setBusy(running > 0);

  return (
    <Popover opened={isOpen} onChange={setOpen} position="bottom-end" trapFocus returnFocus>
      <Popover.Target>
        <button type="button" className={css.iconButton} onClick={() => setOpen(!isOpen)} aria-label={t("shell.jobs_running", { count: running })}>
          {running > 0 ? (
            <svg width="24" height="24" viewBox="0 0 24 24" className={css.ring} data-running="true" aria-hidden="true">
              <circle cx="12" cy="12" r="9.5" fill="none" stroke="var(--line)" strokeWidth="2.4" />
              <circle cx="12" cy="12" r="9.5" fill="none" stroke="var(--accent)" strokeWidth="2.4" strokeDasharray="22 60" strokeLinecap="round" />
            </svg>
          ) : (
            <IconProgress size={20} stroke={1.7} />
          )}
          {running > 0 && <span className={css.ringCount}>{running}</span>}
        </button>
      </Popover.Target>
      {atFirst && atFirst.length > 0 && (
        <Suspense>
          <FollowImports items={atFirst} />
        </Suspense>
      )}
      <Popover.Dropdown>
        <div className={css.panel}>
          <h2 className={css.panelTitle}>{t("shell.jobs")}</h2>
          {jobs.length === 0 && <EmptyState icon={<IconCheck size={22} stroke={1.7} />} title={t("shell.jobs_none")} text={t("shell.jobs_none_text")} />}
          {jobs.map((job) => (
            <JobRow key={job.id} job={job} now={now} onLeave={() => setOpen(false)} />
          ))}
        </div>
      </Popover.Dropdown>
    </Popover>
  );
}

function JobRow({ job, now, onLeave }: { job: Job; now: number; onLeave: () => void }) {
  const t = useText();
  const format = useFormat();
  const errorText = useErrorText();
  const datasets = useDatasets().data;
  const client = useQueryClient();
  const scopeWithin = useScopeIn();
  const cancel = useChange(
    () => (job.kind === "import" ? api.delete(`/imports/${job.id}`) : api.post(`/analyses/${job.id}/cancel`)),
    [["imports"], ["analyses"]],
  );
  const retry = useChange(() => runAgain(job), [["imports"], ["analyses"]]);
  const name = job.kind === "import" ? t(job.source.check_only ? "shell.job.check" : "shell.job.import", { file: job.source.file_name }) : t(`common.analysis.${job.source.kind}`);
  const known = datasets?.find((candidate) => candidate.id === job.source.dataset_id);
  const isGone = datasets !== undefined && job.source.dataset_id !== null && !known;
  const dataset = known?.name ?? (job.kind === "analysis" ? job.source.dataset_name : t("shell.job.no_dataset"));
  const analysisLink = useAnalysisLink();
  const link = job.kind === "analysis" && !job.isRunning ? analysisLink(job.source) : null;
  const left = secondsLeft(job, now);
  const failure = cancel.error ?? retry.error;

  return (
    <div className={css.job}>
      <div className={css.jobHead}>
        <span className={css.jobName}>{name}</span>
        <span className={`${css.jobNote} num`}>{job.isRunning ? format.share(job.progressRatio) : job.finishedAt && format.ago(job.finishedAt)}</span>
      </div>
      {job.isRunning && <Progress value={job.progressRatio * 100} size="xs" aria-label={name} />}
      <span className={css.jobNote} data-tone={job.failure ? "danger" : undefined}>
        {job.failure ? t("shell.job.failed", { why: job.failure.detail }) : t(`shell.job.status.${job.status}`, { dataset })}
        {left !== null && ` · ${t("shell.job.left", { duration: format.duration(left) })}`}
      </span>
      {failure && (
        <span className={css.jobNote} data-tone="danger" role="alert">
          {errorText(failure)}
        </span>
      )}
      <div className={css.jobActions}>
        {job.isRunning && (
          <button type="button" className={css.textButton} onClick={() => cancel.mutate(undefined)} disabled={cancel.isPending}>
            {t("common.cancel")}
          </button>
        )}
        {job.failure && !isGone && (
          <button type="button" className={css.textButton} onClick={() => retry.mutate(undefined)} disabled={retry.isPending}>
            {t("common.try_again")}
          </button>
        )}
        {job.kind === "import" ? (
          <Link to="/data/imports/$importId" params={{ importId: job.id }} search={scopeWithin(job.source.dataset_id)} className={css.textButton} onClick={onLeave}>
            {t("shell.job.open")}
          </Link>
        ) : (
          link && (
            <Link
              {...link}
              className={css.textButton}
              onClick={() => {
                void client.invalidateQueries({ queryKey: ["analyses"] });
                onLeave();
              }}
            >
              {t("shell.job.open")}
            </Link>
          )
        )}
      </div>
    </div>
  );
}

/** Starts the same work again: the stored file with the same mapping, or the same question. */
function runAgain(job: Job): Promise<Import | Analysis> {
  if (job.kind === "import") {
    const form = new FormData();
    form.set("from_import_id", job.id);
    form.set("mapping", JSON.stringify(job.source.mapping));
    if (job.source.all_or_nothing) form.set("all_or_nothing", "true");
    if (job.source.check_only) form.set("check_only", "true");
    if (job.source.replaces_dataset) form.set("replaces_dataset", "true");
    return api.post<Import>(job.source.dataset_id === null ? "/imports" : `/datasets/${job.source.dataset_id}/imports`, form);
  }
  const { dataset_id, kind, from, to, filter, parameters } = job.source;
  // Null says that the events named their sessions; left out, the dataset's pause would end them.
  const session_gap_minutes = job.source.session_gap_minutes ?? 0;
  const again: AnalysisInput = { dataset_id, kind, case: job.source.case, session_gap_minutes, filter, parameters, ...(from && { from }), ...(to && { to }) };
  return api.post<Analysis>("/analyses", again);
}

/** The clock, refreshed every `everyMs`. */
function useNow(everyMs: number): number {
  const [now, setNow] = useState(() => Date.now());
  useInterval(() => setNow(Date.now()), everyMs, { autoInvoke: true });
  return now;
}
