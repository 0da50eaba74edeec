// @vitest-environment node
import { expect, it } from "vitest";
import type { Import } from "@/api/types";
import { importJob, isShown, secondsLeft } from "./jobs";

const source = (part: Partial<Import>): Import =>
  ({ id: "i", status: "running", progress_ratio: 0.5, created_at: "2024-01-01T00:00:00Z", finished_at: null, error: null, check_only: false, ...part }) as Import;
const at = (time: string): number => Date.parse(time);

it("tells the time left by the pace so far, once there is a pace", () => {
  expect(secondsLeft(importJob(source({})), at("2024-01-01T00:01:00Z"))).toBe(60);
  expect(secondsLeft(importJob(source({ progress_ratio: 0.01 })), at("2024-01-01T00:01:00Z"))).toBeNull();
  expect(secondsLeft(importJob(source({ status: "completed" })), at("2024-01-01T00:01:00Z"))).toBeNull();
});

it("shows running jobs always and finished ones for a day", () => {
  const done = importJob(source({ status: "completed", finished_at: "2024-01-01T00:00:00Z" }));
  expect(isShown(done, at("2024-01-01T23:59:00Z"))).toBe(true);
  expect(isShown(done, at("2024-01-02T00:01:00Z"))).toBe(false);
  expect(isShown(importJob(source({})), at("2024-05-01T00:00:00Z"))).toBe(true);
});

it("leaves a finished check out and keeps why a job failed", () => {
  const check = importJob(source({ status: "completed", check_only: true, finished_at: "2024-01-01T00:00:00Z" }));
  expect(check.status).toBe("checked");
  expect(isShown(check, at("2024-01-01T00:01:00Z"))).toBe(false);
  // Another check took its place.
  expect(isShown(importJob(source({ status: "removed", check_only: true, finished_at: "2024-01-01T00:00:00Z" })), at("2024-01-01T00:01:00Z"))).toBe(false);
  const error = { reason: "column_missing", detail: "No column." };
  expect(importJob(source({ status: "failed", error })).failure).toBe(error);
});
