// @vitest-environment node
import { existsSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { AS_FOUND, previewJourneys, readSample } from "./sample";

const csv = (text: string): Blob => new Blob([text]);

it("reads headers, columns and rows, and leaves out columns that cannot be told apart", async () => {
  const sample = await readSample(csv("\uFEFFuser; event ;event;;when\n1;a;b;x;2024-01-01\n2;a;b;y;2024-01-02\n"));
  expect(sample).toMatchObject({ separator: ";", headers: ["user", "event", "event", "", "when"], repeated: ["event"], isHeaderless: false });
  expect(sample.columns.map((column) => column.header)).toEqual(["user", "when"]);
  expect(sample.rows).toHaveLength(2);
});

it("splits at the separator the reader chose", async () => {
  const file = csv("a,b;c,d\n1,2;3,4\n");
  expect((await readSample(file)).headers).toEqual(["a", "b;c", "d"]);
  expect(await readSample(file, { ...AS_FOUND, separator: ";" })).toMatchObject({ separator: ";", headers: ["a,b", "c,d"], rows: [["1,2", "3,4"]] });
});

it.each([
  ["u1,home,2024-01-01 10:00\nu2,cart,2024-01-01 11:00\n", true],
  ["u1;home;2024-01-01;3,5\n", true],
  ["17,home,soon\n18,cart,later\n", true],
  ["17,home,\n18,cart,2024-01-01\n", true],
  ["user,event,at\nu1,home,2024-01-01\n", false],
  ["user,2023,at\nu1,many,2024-01-01\nu2,few,2024-01-02\n", false],
  [",event,event\n0,a,2024-01-01\n", false],
  ["user,event\nu1,home\n", false],
])("sees whether %j begins with data", async (text, isHeaderless) => {
  const sample = await readSample(csv(text));
  expect(sample.isHeaderless).toBe(isHeaderless);
  expect(sample.rows).toHaveLength(text.split("\n").length - (isHeaderless ? 1 : 2));
});

it("names the columns of a file without a header as the server does, and takes the reader's word", async () => {
  const file = csv("17,home\n18,cart\n");
  expect(await readSample(file)).toMatchObject({ headers: ["Column 1", "Column 2"], columns: [{ header: "Column 1", values: ["17", "18"] }, { header: "Column 2", values: ["home", "cart"] }] });
  expect(await readSample(file, { ...AS_FOUND, isHeaderless: false })).toMatchObject({ headers: ["17", "home"], rows: [["18", "cart"]] });
  expect(await readSample(csv("user,event\nu1,home\n"), { ...AS_FOUND, isHeaderless: true })).toMatchObject({ headers: ["Column 1", "Column 2"], rows: [["user", "event"], ["u1", "home"]] });
});

it("refuses a header without rows", async () => {
  await expect(readSample(csv("user,event\n"))).rejects.toMatchObject({ code: "header_missing" });
  await expect(readSample(csv("\n\n"))).rejects.toMatchObject({ code: "header_missing" });
});

it("says so when the first row is longer than what is read", async () => {
  const long = "x".repeat(1_000_001);
  for (const text of [`user,event\n1,${long}\n2,a\n`, `${long},event\n1,a\n`, `1,${long}`]) await expect(readSample(csv(text))).rejects.toMatchObject({ code: "row_too_long" });
  expect((await readSample(csv(`user,event\n1,a\n2,${long}\n`))).rows).toEqual([["1", "a"]]);
});

it("counts journeys with and without a pause", async () => {
  const sample = await readSample(csv("u,t\na,2024-01-01 10:00\na,2024-01-01 11:00\na,2024-01-01 10:10\nb,2024-01-01 10:00\nb,bad\n,2024-01-01 10:00\n"));
  const rule = { customerHeader: "u", timeHeader: "t", order: "day_first", gapMinutes: null, rejected: new Set<number>() } as const;
  expect(previewJourneys(sample, rule)).toEqual({ rows: 4, journeys: 2, medianSteps: 2 });
  expect(previewJourneys(sample, { ...rule, gapMinutes: 30 })).toEqual({ rows: 4, journeys: 3, medianSteps: 1 });
  // Exactly the pause does not cut.
  expect(previewJourneys(sample, { ...rule, gapMinutes: 50 }).journeys).toBe(2);
});

it("leaves out the rows that the check rejected, and reads open dates as chosen", async () => {
  const sample = await readSample(csv("u,t\na,01/02/2024\na,03/02/2024\n\nb,01/02/2024\nc,01/02/2024\n"));
  const rule = { customerHeader: "u", timeHeader: "t", order: "month_first", gapMinutes: 5 * 24 * 60, rejected: new Set([3]) } as const;
  // January and March lie further apart than five days.
  expect(previewJourneys(sample, rule)).toEqual({ rows: 3, journeys: 3, medianSteps: 1 });
  expect(previewJourneys(sample, { ...rule, order: "day_first" })).toEqual({ rows: 3, journeys: 2, medianSteps: 1.5 });
});

const shop = new URL("../../../../../../../samples/ecom.csv.gz", import.meta.url);
it.skipIf(!existsSync(shop))("reads the sample web shop", async () => {
  const sample = await readSample(new Blob([new Uint8Array(readFileSync(shop))]));
  expect(sample.isGzip).toBe(true);
  expect(sample.headers).toEqual(["user_id", "session_id", "event", "timestamp", "platform", "acquisition_channel", "user_cohort", "user_lifecycle"]);
  expect(sample.rows.length).toBeGreaterThan(10_000);
});

it("counts journeys by the moment, not by the clock, and customers without the blanks around them", async () => {
  const text = "user,at\na,2024-01-01T10:00:00+02:00\na ,2024-01-01T09:10:00+01:00\n a,2024-01-01T08:20Z\na,2024-01-01T03:30:00-05:00\n";
  const sample = await readSample(new Blob([text]));
  const rule = { customerHeader: "user", timeHeader: "at", order: "day_first" as const, gapMinutes: 30, rejected: new Set<number>() };
  expect(previewJourneys(sample, rule)).toEqual({ rows: 4, journeys: 1, medianSteps: 4 });
});
