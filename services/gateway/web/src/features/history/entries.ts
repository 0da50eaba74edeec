import type { Analysis, Import } from "@/api/types";

/** One line of the history. */
export type Entry = { id: string; createdAt: string } & ({ kind: "analysis"; source: Analysis } | { kind: "import"; source: Import });

/** One list that has been read from its newest end. */
export interface Listed<Item> {
  items: readonly Item[];
  /** More, older items can be read. */
  hasMore: boolean;
}

export const isRunning = (entry: Entry): boolean => entry.source.status === "queued" || entry.source.status === "running";

/**
 * Joins two lists, newest first. Of a list that has more, nothing older than its last item is known; entries older
 * than that are held back, so that reading on never puts a line above one that is already shown.
 */
export function joined(analyses: Listed<Analysis>, imports: Listed<Import>): Entry[] {
  const all: Entry[] = [
    ...analyses.items.map((source): Entry => ({ kind: "analysis", source, id: source.id, createdAt: source.created_at })),
    ...imports.items.map((source): Entry => ({ kind: "import", source, id: source.id, createdAt: source.created_at })),
  ];
  const horizons = [analyses, imports].map(({ items, hasMore }) => (hasMore ? (items.at(-1)?.created_at ?? "") : ""));
  const horizon = horizons.reduce((a, b) => (a > b ? a : b));
  return all.filter((entry) => entry.createdAt >= horizon).sort((a, b) => b.createdAt.localeCompare(a.createdAt) || a.id.localeCompare(b.id));
}

/** Seconds from start to end; null when it has not ended or never started. */
export function secondsTaken({ source, kind, createdAt }: Entry): number | null {
  const start = kind === "analysis" ? source.started_at : createdAt;
  if (!start || !source.finished_at) return null;
  return Math.max(0, (Date.parse(source.finished_at) - Date.parse(start)) / 1000);
}
