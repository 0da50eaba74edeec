// @vitest-environment node
import { existsSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { previewJourneys, readSample } from "./sample";

const csv = (text: string): Blob => new Blob([text]);

it("reads headers, columns and rows, and leaves out columns that cannot be told apart", async () => {
  const sample = await readSample(csv("\uFEFFuser; event ;event;;when\n1;a;b;x;2024-01-01\n2;a;b;y;2024-01-02\n"));
  expect(sample).toMatchObject({ separator: ";", headers: ["user", "event", "event", "", "when"], repeated: ["event"], isHeaderDoubtful: false });
  expect(sample.columns.map((column) => column.header)).toEqual(["user", "when"]);
  expect(sample.rows).toHaveLength(2);
});

it("splits at the separator the reader chose", async () => {
  const file = csv("a,b;c,d\n1,2;3,4\n");
  expect((await readSample(file)).headers).toEqual(["a", "b;c", "d"]);
  expect(await readSample(file, ";")).toMatchObject({ separator: ";", headers: ["a,b", "c,d"], rows: [["1,2", "3,4"]] });
});

it("doubts a header that looks like data, and refuses a file of one line", async () => {
  expect((await readSample(csv("u1,home,2024-01-01 10:00\nu2,cart,2024-01-01 11:00\n"))).isHeaderDoubtful).toBe(true);
  await expect(readSample(csv("user,event\n"))).rejects.toMatchObject({ code: "header_missing" });
});

it("counts journeys with and without a pause", async () => {
  const sample = await readSample(csv("u,t\na,2024-01-01 10:00\na,2024-01-01 11:00\na,2024-01-01 10:10\nb,2024-01-01 10:00\nb,bad\n,2024-01-01 10:00\n"));
  expect(previewJourneys(sample, "u", "t", null)).toEqual({ rows: 4, journeys: 2, medianSteps: 1 });
  expect(previewJourneys(sample, "u", "t", 30)).toEqual({ rows: 4, journeys: 3, medianSteps: 1 });
  // Exactly the pause does not cut.
  expect(previewJourneys(sample, "u", "t", 50).journeys).toBe(2);
});

const shop = new URL("../../../../../../../samples/ecom.csv.gz", import.meta.url);
it.skipIf(!existsSync(shop))("reads the sample web shop", async () => {
  const sample = await readSample(new Blob([new Uint8Array(readFileSync(shop))]));
  expect(sample.head.isGzip).toBe(true);
  expect(sample.headers).toEqual(["user_id", "session_id", "event", "timestamp", "platform", "acquisition_channel", "user_cohort", "user_lifecycle"]);
  expect(sample.rows.length).toBeGreaterThan(10_000);
});
