import { describe, expect, it } from "vitest";
import { addDays } from "@/shared/period";
import { newsOf, newsPeriod } from "./news";

const DAY = "2024-03-05";
type Counts = Record<string, number>;

/** The same weekday of nine weeks, the newest first; `all` gives what each day counted. */
const report = (all: Counts[], notSet = 0) => ({
  days: all.map((by, week) => {
    const counted = Object.values(by).reduce((sum, count) => sum + count, 0);
    return { date: addDays(DAY, -7 * week), customers: 10, touchpoints: counted + notSet, by, not_set: notSet };
  }),
});
const weeks = (today: Counts, ...before: Counts[]): Counts[] => [today, ...Array.from({ length: 8 }, (_, week) => before[week % before.length] ?? {})];
const news = (all: Counts[], notSet = 0) => newsOf(DAY, [["channel_type", report(all, notSet)]]);

describe("news of a day", () => {
  it("looks back eight weeks", () => expect(newsPeriod(DAY)).toEqual({ from: "2024-01-09", to: DAY }));

  it("finds nothing on a usual day", () => {
    expect(news(weeks({ web: 50, app: 50 }, { web: 45, app: 55 }, { web: 55, app: 45 }))).toEqual([]);
  });

  it("tells totals beyond what days differ by, with the median and the distance", () => {
    // Median 100; days differ by 10, so the deviation is 14.826.
    const before = [{ web: 90 }, { web: 110 }];
    expect(news(weeks({ web: 151 }, ...before))).toEqual([]);
    const [item] = news(weeks({ web: 160 }, ...before)) ?? [];
    expect(item).toMatchObject({ kind: "touchpoints", now: 160, usual: 100 });
    expect(item?.score).toBeCloseTo(60 / 14.826);
  });

  it("takes days that never differ for as uncertain as chance makes them", () => {
    // The square root of 100.
    expect(news(weeks({ web: 134 }, { web: 100 }))).toEqual([]);
    expect(news(weeks({ web: 136 }, { web: 100 }))?.[0]?.score).toBeCloseTo(3.6);
  });

  it("tells a share that moved while the total did not, of the touchpoints that have a value", () => {
    // 40 of 100 against 10 %: chance alone moves the share by 3 points.
    const found = news(weeks({ web: 60, app: 40 }, { web: 90, app: 10 }), 100);
    expect(found?.map(({ value, now, total, usual }) => [value, now, total, usual]).sort()).toEqual([["app", 40, 100, 0.1], ["web", 60, 100, 0.9]]);
    for (const { score } of found ?? []) expect(score).toBeCloseTo(10);
  });

  it("tells what is new and what is gone, but not a handful", () => {
    expect(news(weeks({ web: 89, app: 11 }, { web: 100 }))?.map(({ value }) => value)).toEqual(["app", "web"]);
    expect(news(weeks({ web: 100 }, { web: 80, toString: 20 }))?.map(({ value, now }) => [value, now])).toEqual([["toString", 0], ["web", 100]]);
    expect(news(weeks({ web: 91, app: 9 }, { web: 100 }))).toEqual([]);
  });

  it("tells the five most unusual", () => {
    const names = ["a", "b", "c", "d", "e", "f", "g"];
    const before = Object.fromEntries([...names.map((name) => [name, 1]), ["web", 1000]]) as Counts;
    const today = Object.fromEntries([...names.map((name, index) => [name, 30 + index]), ["web", 760]]) as Counts;
    expect(news(weeks(today, before))?.map(({ value }) => value)).toEqual(["web", "g", "f", "e", "d"]);
  });

  it("says nothing where fewer than four such days have data, or the day has no report", () => {
    expect(news(weeks({ web: 100 }, { web: 10 }).slice(0, 4))).toBeNull();
    expect(news(weeks({ web: 100 }, { web: 10 }).slice(0, 5))).toHaveLength(1);
    expect(newsOf(DAY, [["channel_type", { days: [] }]])).toBeNull();
  });
});
