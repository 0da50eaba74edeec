// @vitest-environment node
import { gzipSync } from "node:zlib";
import { expect, it } from "vitest";
import type { MappingInput } from "@/api/types";
import { readSample } from "./sample";
import { choicesOf, missingColumns, readingOf } from "./savedMapping";

const mapping: MappingInput = {
  name: "Moscow",
  columns: [
    { field: "customer_id", column: "Column 1", function: null },
    { field: "action_type", column: "Column 2", function: null, repairs: [{ reason: "field_missing", action: "use_text", text: "Unknown" }] },
    { field: "time", column: "Column 3", function: "datetime" },
    { field: "value", column: "Column 4", function: "float" },
  ],
  timezone: "Europe/Moscow",
  time_format: null,
  decimal_sign: ",",
  step_rules: [{ pattern: "Покупка", name: "Kauf" }],
  encoding: "windows-1251",
  separator: ";",
  headerless: true,
};

/** Text of letters up to U+044F in windows-1251. */
const cyrillic = (text: string): Uint8Array<ArrayBuffer> => Uint8Array.from(text, (letter) => (letter > "\u00ff" ? letter.charCodeAt(0) - 0x350 : letter.charCodeAt(0)));

it.each([
  ["plain", (bytes: Uint8Array<ArrayBuffer>) => bytes],
  ["packed", (bytes: Uint8Array<ArrayBuffer>) => new Uint8Array(gzipSync(bytes))],
])("reads a %s file as the mapping says, not as it looks", async (_, pack) => {
  // By its looks it has a header, commas and Western letters.
  const file = new Blob([pack(cyrillic("\u0437,\u0430;\u0434,\u0430;a,a;b,b\n"))]);
  const sample = await readSample(file, readingOf(mapping));
  expect(sample).toMatchObject({ encoding: "windows-1251", isGuess: false, separator: ";", isHeaderless: true, rows: [["з,а", "д,а", "a,a", "b,b"]] });
  expect(missingColumns(mapping, sample)).toEqual([]);
  expect(choicesOf(mapping, sample)).toMatchObject({
    roles: { "Column 1": "customer_id", "Column 2": "action_type", "Column 3": "time", "Column 4": "value" },
    timezone: "Europe/Moscow",
    isZoneChosen: true,
    repairs: { action_type: [{ reason: "field_missing", action: "use_text", text: "Unknown" }], value: [] },
    stepRules: mapping.step_rules,
  });
});

it("leaves open what the mapping leaves open, and UTF-16 to the mark of the file", () => {
  expect(readingOf({ ...mapping, encoding: "UTF-16LE", separator: null, headerless: false, decimal_sign: "." })).toEqual({ encoding: null, separator: null, isHeaderless: false, decimalSign: "." });
});

it("names the columns that the file lacks or has twice, and skips those the mapping does not know", async () => {
  const sample = await readSample(new Blob(["Column 1;Column 2;Column 2;other\nu1;a;b;x\n"]), { ...readingOf(mapping), encoding: null, isHeaderless: false });
  expect(missingColumns(mapping, sample)).toEqual(["Column 2", "Column 3", "Column 4"]);
  expect(choicesOf(mapping, sample).roles).toEqual({ "Column 1": "customer_id", other: null });
});

it.each([
  ["03/04/2024", "month_first", "month_first"],
  ["25/04/2024", "month_first", "day_first"],
  ["03/04/2024", "%m/%d/%Y", "month_first"],
  ["03/04/2024", "%d/%m/%Y", "day_first"],
  ["03/04/2024", null, "ambiguous"],
  ["03/04/2024", "%b %d %Y", "ambiguous"],
  ["25/04/2024", "%m/%d/%Y", "day_first"],
])("reads %s with %s as %s", async (time, time_format, order) => {
  const sample = await readSample(new Blob([`u1;a;${time};1\n`]), readingOf(mapping));
  expect(choicesOf({ ...mapping, time_format }, sample).order).toBe(order);
});
