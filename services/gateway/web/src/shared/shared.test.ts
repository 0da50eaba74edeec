import { describe, expect, it } from "vitest";
import { formatters } from "./format";
import { daysKnown, isWhole } from "./compare";
import { addDays, boundedPeriod, dayCount, dayIn, daysWithin, isDay, presetPeriod, previousPeriod } from "./period";
import { parseSearch, scopeIn, scopeOf, scopeOfAnalysis, stringifySearch } from "./search";
import { foldText } from "./text";

describe("numbers", () => {
  const words: Record<string, string> = { "common.instant": "instant", "common.duration.d": "d", "common.duration.h": "h", "common.duration.m": "m", "common.duration.s": "s" };
  const format = formatters("en", (id, values) => (values ? `${values["amount"] as number} ${words[id] ?? ""}` : (words[id] ?? "")));

  it.each([
    [0, "0%"],
    [0.00049, "<0.1%"],
    [0.097, "9.7%"],
    [0.0994, "9.9%"],
    [0.0996, "10%"],
    [0.1, "10%"],
    [0.584, "58%"],
    [1, "100%"],
    [0.03, "3%"],
    [0.9949, "99%"],
    [199 / 200, "99.5%"],
    [598 / 600, "99.7%"],
    [9995 / 10_000, ">99.9%"],
    [999_999 / 1_000_000, ">99.9%"],
    [Array.from({ length: 10 }, () => 0.1).reduce((sum, part) => sum + part, 0), "100%"],
  ])("writes the share %s as %s", (ratio, text) => {
    expect(format.share(ratio)).toBe(text);
  });

  it.each([
    [0, "instant"],
    [0.9, "instant"],
    [1, "1 s"],
    [74, "1 m 14 s"],
    [60, "1 m"],
    [3599.7, "1 h"],
    [187_200, "2 d 4 h"],
    [86_399, "1 d"],
    [3661, "1 h 1 m"],
  ])("writes %s seconds as %s", (seconds, text) => {
    expect(format.duration(seconds)).toBe(text);
  });

  it.each([
    [0, "0 s"],
    [59.6, "59.6 s"],
    [87_000, "1 d 10 m"],
    [88_200, "1 d 30 m"],
    [187_261.000001, "2 d 4 h 1 m 1.000001 s"],
  ])("writes all of %s seconds as %s", (seconds, text) => {
    expect(format.exactDuration(seconds)).toBe(text);
  });

  it("writes counts, sizes, changes and days", () => {
    expect(format.number(1295)).toBe("1,295");
    expect(format.bytes(18_400_000)).toBe("18.4 MB");
    expect(format.bytes(999)).toBe("999 B");
    expect(format.change(136, 124)).toBe("+12 (+9.7%)");
    expect(format.change(90, 100)).toBe("−10 (−10%)");
    expect(format.change(5, 0)).toBe("+5");
    expect(format.change(5, 5)).toBe("");
    expect(format.change(2.54, 2.5, "tenths")).toBe("");
    expect(format.change(2.5, 2, "tenths")).toBe("+0.5 (+25%)");
    expect(format.change(134, 60, "duration")).toBe("+1 m 14 s (+123%)");
    expect(format.change(60.4, 60, "duration")).toBe("");
    expect(format.range({ from: "2024-06-06", to: "2024-06-29" })).toMatch(/^Jun 6\s–\s29, 2024$/);
    expect(format.range({ from: "2024-06-06", to: "2024-06-06" })).toBe("Jun 6, 2024");
    expect(format.day("2024-06-29")).toBe("Jun 29, 2024");
    expect(format.ago("2024-01-01T00:00:00Z", new Date("2024-01-01T02:10:00Z"))).toBe("2 hours ago");
  });
});

describe("periods", () => {
  it("counts presets back from the last day with data, both ends included", () => {
    expect(presetPeriod("last_7", "2024-06-29")).toEqual({ from: "2024-06-23", to: "2024-06-29" });
    expect(presetPeriod("this_month", "2024-02-10")).toEqual({ from: "2024-02-01", to: "2024-02-29" });
    expect(presetPeriod("this_month", "2024-12-31")).toEqual({ from: "2024-12-01", to: "2024-12-31" });
    expect(presetPeriod("last_month", "2024-01-15")).toEqual({ from: "2023-12-01", to: "2023-12-31" });
    expect(presetPeriod("all", "2024-01-15")).toBeNull();
  });

  it.each([
    ["2024-02-29", true],
    ["2023-02-29", false],
    ["2024-02-31", false],
    ["2024-13-01", false],
    ["2024-2-1", false],
    ["1900-01-01", true],
    ["1899-12-31", false],
    ["2299-12-31", true],
    ["2300-01-01", false],
    ["abc", false],
  ])("says of %s whether it is a day: %s", (text, is) => {
    expect(isDay(text)).toBe(is);
  });

  it("knows days, lengths and the period before", () => {
    expect(addDays("2024-02-28", 2)).toBe("2024-03-01");
    expect(dayCount({ from: "2024-06-23", to: "2024-06-29" })).toBe(7);
    expect(previousPeriod({ from: "2024-06-23", to: "2024-06-29" })).toEqual({ from: "2024-06-16", to: "2024-06-22" });
    expect(previousPeriod({ from: "2024-06-29", to: "2024-06-29" })).toEqual({ from: "2024-06-28", to: "2024-06-28" });
    expect(previousPeriod({ from: "2024-03-01", to: "2024-03-31" })).toEqual({ from: "2024-01-30", to: "2024-02-29" });
    expect(previousPeriod({ from: "2023-03-01", to: "2023-03-31" })).toEqual({ from: "2023-01-29", to: "2023-02-28" });
    expect(previousPeriod({ from: "2024-01-01", to: "2024-12-31" })).toEqual({ from: "2022-12-31", to: "2023-12-31" });
    expect(dayIn("2024-06-29T20:00:00Z", "Asia/Ho_Chi_Minh")).toBe("2024-06-30");
  });
});

describe("comparing with the period before", () => {
  it.each([
    [null, "2024-01-01"],
    ["2024-01-01", null],
    ["2024-01-02", "2024-01-01"],
    ["soon", "2024-01-01"],
  ])("takes %s to %s for no period", (from, to) => {
    expect(boundedPeriod(from, to)).toBeNull();
  });

  it("knows which days have data, in the time zone of the dataset", () => {
    const events = { first_event_at: "2024-01-01T20:00:00Z", last_event_at: "2024-01-09T20:00:00Z", events: 5, later_events: 1 };
    const none = { first_event_at: null, last_event_at: null, events: 0, later_events: 0 };
    const ahead = { first_event_at: "2099-01-01T00:00:00Z", last_event_at: "2099-01-02T00:00:00Z", events: 2, later_events: 2 };
    expect(daysKnown([none], "UTC")).toBeNull();
    expect(daysKnown([none, ahead], "UTC")).toEqual({ from: "2099-01-01", to: "2099-01-02" });
    expect(daysKnown([events, ahead], "UTC")).toEqual({ from: "2024-01-01", to: "2024-01-09" });
    const known = daysKnown([events], "UTC");
    expect(known).toEqual({ from: "2024-01-01", to: "2024-01-09" });
    expect(daysKnown([events], "Asia/Ho_Chi_Minh")).toEqual({ from: "2024-01-02", to: "2024-01-10" });
    expect(daysKnown([events, { ...events, first_event_at: "2023-05-01T00:00:00Z", last_event_at: "2023-05-02T00:00:00Z" }], "UTC")).toEqual({ from: "2023-05-01", to: "2024-01-09" });
    const period = { from: "2024-01-04", to: "2024-01-06" };
    expect(daysWithin(period, known)).toBe(3);
    expect(daysWithin({ from: "2023-12-30", to: "2024-01-02" }, known)).toBe(2);
    expect(daysWithin({ from: "2023-12-30", to: "2023-12-31" }, known)).toBe(0);
    expect(daysWithin(period, null)).toBe(0);
    expect(isWhole(period, previousPeriod(period), known)).toBe(true);
    expect(isWhole({ from: "2024-01-03", to: "2024-01-05" }, { from: "2023-12-31", to: "2024-01-02" }, known)).toBe(false);
  });

  it("is kept by links as long as there is a whole period", () => {
    const search = { from: "2024-01-01", to: "2024-01-07", compare: "previous" };
    expect(scopeOf(search)).toEqual(search);
    expect(scopeOf({ ...search, to: undefined })).toEqual({ from: "2024-01-01" });
  });
});

describe("the address", () => {
  it("reads and writes repeated filters readably", () => {
    const text = "?dataset=d1&from=2024-01-06&f=device_category:mobile,tablet&f=direct:a>b&f=!step:x%20y%26z&steps=11";
    const search = parseSearch(text);
    expect(search).toEqual({ dataset: "d1", from: "2024-01-06", f: ["device_category:mobile,tablet", "direct:a>b", "!step:x y&z"], steps: "11" });
    expect(stringifySearch(search)).toBe(text);
    expect(scopeOf(search)).toEqual({ dataset: "d1", from: "2024-01-06", f: search.f });
  });

  it("keeps of the scope what another dataset can answer", () => {
    const search = { dataset: "d1", from: "2024-01-06", f: ["device_category:mobile", "geo_city:Huế", "step:cart"], case: "session", pause: "45", sel: "cart", z: "1,2,3" };
    expect(scopeIn(search, { id: "d2", fields: ["geo_city"] })).toEqual({ dataset: "d2", from: "2024-01-06", f: ["geo_city:Huế", "step:cart"] });
    expect(scopeIn(search, { id: "d1", fields: [] })).toEqual(scopeOf(search));
  });

  it("leads to an analysis with the journeys it was made with", () => {
    const analysis = { dataset_id: "d1", from: "2024-01-06", to: null, filter: ["step:cart"], session_gap_minutes: 45 };
    expect(scopeOfAnalysis({ ...analysis, case: "session" })).toEqual({ dataset: "d1", from: "2024-01-06", f: ["step:cart"], case: "session", pause: "45" });
    expect(scopeOfAnalysis({ ...analysis, case: "session", session_gap_minutes: null })).toMatchObject({ pause: "0" });
    expect(scopeOfAnalysis({ ...analysis, case: "customer" })).not.toEqual(scopeOfAnalysis({ ...analysis, case: "session" }));
  });

  it("leaves out what is not set, and keeps hard characters", () => {
    expect(stringifySearch({ a: undefined, f: [] })).toBe("");
    const search = { f: ["geo_city:Hà Nội #1 100%"], q: "a=b&c?" };
    expect(parseSearch(stringifySearch(search))).toEqual(search);
  });
});

it("finds words without accents and case", () => {
  expect(foldText("Đăng ký")).toBe("dang ky");
});
