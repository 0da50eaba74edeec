import type { MappingInput } from "@/api/types";
import { SEPARATORS } from "./csv";
import type { Draft } from "./draft";
import { UNMARKED_ENCODINGS } from "./encoding";
import { readSample, type Reading, type Sample } from "./sample";
import { readTimes, type DayOrder } from "./times";

/** Enough to read the names of the columns. */
const NAMES_BYTES = 100_000;

/** How a saved mapping reads a file. UTF-16 is left to the byte order mark, which every such file has here. */
export function readingOf({ encoding, separator, headerless, decimal_sign }: MappingInput): Reading {
  return {
    encoding: UNMARKED_ENCODINGS.find((known) => known === encoding) ?? null,
    separator: SEPARATORS.find((known) => known === separator) ?? null,
    isHeaderless: headerless,
    decimalSign: decimal_sign,
  };
}

/** Columns of a saved mapping that a file read as it says does not have, or has twice. */
export function missingColumns(mapping: MappingInput, { columns }: Sample): string[] {
  return mapping.columns.map(({ column }) => column).filter((wanted) => !columns.some(({ header }) => header === wanted));
}

/** Whether a file, read as a saved mapping says, has all of its columns. */
export async function fits(mapping: MappingInput, file: Blob): Promise<boolean> {
  const sample = await readSample(file, readingOf(mapping), NAMES_BYTES).catch(() => null);
  return sample !== null && missingColumns(mapping, sample).length === 0;
}

/** What a saved mapping says about the columns, times, faults and steps of a file; columns it does not name are skipped. */
export function choicesOf(mapping: MappingInput, { columns }: Sample): Pick<Draft, "roles" | "confidence" | "timezone" | "isZoneChosen" | "order" | "repairs" | "stepRules"> {
  const fields = new Map(mapping.columns.map(({ column, field }) => [column, field]));
  const times = readTimes(columns.find(({ header }) => fields.get(header) === "time")?.values ?? []);
  return {
    roles: Object.fromEntries(columns.map(({ header }) => [header, fields.get(header) ?? null])),
    confidence: {},
    timezone: mapping.timezone,
    isZoneChosen: true,
    order: times.order === "ambiguous" ? orderOf(mapping.time_format) : times.order,
    repairs: Object.fromEntries(mapping.columns.map(({ field, repairs }) => [field, repairs ?? []])),
    stepRules: mapping.step_rules,
  };
}

/** Which of day and month comes first by a time format, be it said or in a strptime pattern. */
function orderOf(format: string | null): DayOrder {
  if (format === "day_first" || format === "month_first") return format;
  const [day, month] = [format?.indexOf("%d") ?? -1, format?.indexOf("%m") ?? -1];
  return day < 0 || month < 0 ? "ambiguous" : day < month ? "day_first" : "month_first";
}
