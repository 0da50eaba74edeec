import type { Analysis, Import, JournalEntry } from "@/api/types";

/** What a line is made from. */
export interface Sources {
  analysis: Analysis;
  import: Import;
  journal: JournalEntry;
}

/** One line of the history. */
export type Entry = { [Kind in keyof Sources]: { kind: Kind; id: string; createdAt: string; source: Sources[Kind] } }[keyof Sources];

/** One list that has been read from its newest end. */
export interface Listed {
  entries: readonly Entry[];
  /** More, older entries can be read. */
  hasMore: boolean;
}

/** True where an end is to come; an entry of the journal tells of what is over. */
export const isRunning = (source: Entry["source"]): boolean => "status" in source && (source.status === "queued" || source.status === "running");

/**
 * Joins lists, newest first. Of a list that has more, nothing older than its last entry is known; entries older
 * than that are held back, so that reading on never puts a line above one that is already shown.
 */
export function joined(...lists: readonly Listed[]): Entry[] {
  const horizons = lists.map(({ entries, hasMore }) => (hasMore ? (entries.at(-1)?.createdAt ?? "") : ""));
  const horizon = horizons.reduce((a, b) => (a > b ? a : b), "");
  return lists
    .flatMap(({ entries }) => entries)
    .filter((entry) => entry.createdAt >= horizon)
    .sort((a, b) => b.createdAt.localeCompare(a.createdAt) || a.id.localeCompare(b.id));
}

/** Seconds from start to end; null when it has not ended or never started, and where only the end is known. */
export function secondsTaken({ source, kind, createdAt }: Entry): number | null {
  if (kind === "journal") return null;
  const start = kind === "analysis" ? source.started_at : createdAt;
  if (!start || !source.finished_at) return null;
  return Math.max(0, (Date.parse(source.finished_at) - Date.parse(start)) / 1000);
}
