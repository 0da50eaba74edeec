import { expect, it } from "vitest";
import type { Analysis } from "@/api/types";
import { isRunning, joined, secondsTaken, type Entry } from "./entries";

const entry = (kind: Entry["kind"], id: string, createdAt: string): Entry => ({ kind, id, createdAt, source: { id, created_at: createdAt } }) as Entry;
const analysis = (id: string, createdAt: string) => entry("analysis", id, createdAt);
const file = (id: string, createdAt: string) => entry("import", id, createdAt);
const note = (id: string, createdAt: string) => entry("journal", id, createdAt);
const ids = (entries: Entry[]) => entries.map(({ id }) => id);

it("joins complete lists, newest first", () => {
  const analyses = { entries: [analysis("a2", "2026-02-02"), analysis("a1", "2026-01-01")], hasMore: false };
  const imports = { entries: [file("i1", "2026-01-15")], hasMore: false };
  const journal = { entries: [note("j2", "2026-03-03"), note("j1", "2026-01-10")], hasMore: false };
  expect(ids(joined(analyses, imports, journal))).toEqual(["j2", "a2", "i1", "j1", "a1"]);
});

it("holds back what is older than an unfinished list is known", () => {
  const analyses = { entries: [analysis("a3", "2026-03-01"), analysis("a2", "2026-02-01")], hasMore: true };
  const imports = { entries: [file("i2", "2026-02-15"), file("i1", "2026-01-15")], hasMore: false };
  const journal = { entries: [note("j1", "2026-02-10")], hasMore: true };
  expect(ids(joined(analyses, imports, journal))).toEqual(["a3", "i2", "j1"]);
  expect(ids(joined(analyses, imports, { ...journal, hasMore: false }))).toEqual(["a3", "i2", "j1", "a2"]);
  const read = { entries: [...analyses.entries, analysis("a1", "2026-01-20")], hasMore: false };
  expect(ids(joined(read, imports))).toEqual(["a3", "i2", "a2", "a1", "i1"]);
});

it("shows a list that is alone as it is", () => {
  expect(ids(joined({ entries: [file("i1", "2026-01-15")], hasMore: true }))).toEqual(["i1"]);
  expect(joined()).toEqual([]);
});

it("knows how long something took", () => {
  const source = { id: "a", created_at: "2026-01-01T00:00:00Z", started_at: "2026-01-01T00:00:10Z", finished_at: "2026-01-01T00:00:12Z" } as Analysis;
  const took = (finished_at: string | null) => secondsTaken({ kind: "analysis", id: "a", createdAt: source.created_at, source: { ...source, finished_at } });
  expect(took(source.finished_at)).toBe(2);
  expect(took(null)).toBeNull();
  expect(secondsTaken(note("j", "2026-01-01"))).toBeNull();
});

it("waits only for what is not over", () => {
  expect([{ status: "queued" }, { status: "running" }, { status: "failed" }, {}].map((source) => isRunning(source as Analysis))).toEqual([true, true, false, false]);
});
