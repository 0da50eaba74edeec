import { expect, it } from "vitest";
import type { Analysis, Import } from "@/api/types";
import { joined, secondsTaken, type Entry } from "./entries";

const analysis = (id: string, created_at: string): Analysis => ({ id, created_at }) as Analysis;
const file = (id: string, created_at: string): Import => ({ id, created_at }) as Import;
const ids = (entries: Entry[]) => entries.map((entry) => entry.id);

it("joins complete lists, newest first", () => {
  const analyses = { items: [analysis("a2", "2026-02-02"), analysis("a1", "2026-01-01")], hasMore: false };
  const imports = { items: [file("i1", "2026-01-15")], hasMore: false };
  expect(ids(joined(analyses, imports))).toEqual(["a2", "i1", "a1"]);
});

it("holds back what is older than an unfinished list is known", () => {
  const analyses = { items: [analysis("a3", "2026-03-01"), analysis("a2", "2026-02-01")], hasMore: true };
  const imports = { items: [file("i2", "2026-02-15"), file("i1", "2026-01-15")], hasMore: false };
  expect(ids(joined(analyses, imports))).toEqual(["a3", "i2", "a2"]);
  const read = { items: [...analyses.items, analysis("a1", "2026-01-20")], hasMore: false };
  expect(ids(joined(read, imports))).toEqual(["a3", "i2", "a2", "a1", "i1"]);
});

it("shows a list that is alone as it is", () => {
  expect(ids(joined({ items: [], hasMore: false }, { items: [file("i1", "2026-01-15")], hasMore: true }))).toEqual(["i1"]);
});

it("knows how long something took", () => {
  const source = { ...analysis("a", "2026-01-01T00:00:00Z"), started_at: "2026-01-01T00:00:10Z", finished_at: "2026-01-01T00:00:12Z" };
  expect(secondsTaken({ kind: "analysis", id: "a", createdAt: source.created_at, source })).toBe(2);
  expect(secondsTaken({ kind: "analysis", id: "a", createdAt: source.created_at, source: { ...source, finished_at: null } })).toBeNull();
});
