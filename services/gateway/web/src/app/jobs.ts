import type { Analysis, Failure, Import } from "@/api/types";

const KEPT_MS = 24 * 3600 * 1000;

interface JobCommon {
  id: string;
  status: string;
  isRunning: boolean;
  /** 0 to 1. */
  progressRatio: number;
  createdAt: string;
  finishedAt: string | null;
  failure: Failure | null;
}

/** One piece of work that goes on without the page: an import or an analysis. */
export type Job = JobCommon & ({ kind: "import"; source: Import } | { kind: "analysis"; source: Analysis });

const isRunning = (status: string): boolean => status === "queued" || status === "running";

export function importJob(source: Import): Job {
  return {
    kind: "import",
    source,
    id: source.id,
    status: source.check_only && (source.status === "completed" || source.status === "removed") ? "checked" : source.status,
    isRunning: isRunning(source.status),
    progressRatio: source.progress_ratio,
    createdAt: source.created_at,
    finishedAt: source.finished_at,
    failure: source.status === "failed" ? source.error : null,
  };
}

export function analysisJob(source: Analysis): Job {
  return {
    kind: "analysis",
    source,
    id: source.id,
    status: source.status,
    isRunning: isRunning(source.status),
    progressRatio: source.progress_ratio,
    createdAt: source.created_at,
    finishedAt: source.finished_at,
    failure: source.status === "failed" ? source.error : null,
  };
}

/** Running jobs always, finished ones for 24 hours; a finished check is no result of its own. `now` in milliseconds since 1970. */
export function isShown(job: Job, now: number): boolean {
  return job.isRunning || (job.status !== "checked" && job.finishedAt !== null && now - Date.parse(job.finishedAt) < KEPT_MS);
}

/** Seconds left by the pace so far; null when too little is done to tell. */
export function secondsLeft(job: Job, now: number): number | null {
  if (!job.isRunning || job.progressRatio < 0.05) return null;
  const elapsed = (now - Date.parse(job.createdAt)) / 1000;
  return Math.max(1, (elapsed * (1 - job.progressRatio)) / job.progressRatio);
}
