import { median } from "@/shared/counts";
import { guessSeparator, parseCsv, type Separator } from "./csv";
import type { Encoding } from "./encoding";
import { FileProblem, readHead, type FileHead } from "./readFile";
import { repeatedHeaders, type DecimalSign, type SampleColumn } from "./roles";
import { readTime, type DayOrder } from "./times";

const JUDGED_ROWS = 200;

/** What the reader corrected in how a file is read; null = as found. */
export interface Reading {
  encoding: Encoding | null;
  separator: Separator | null;
  isHeaderless: boolean | null;
  decimalSign: DecimalSign | null;
}

export const AS_FOUND: Reading = { encoding: null, separator: null, isHeaderless: null, decimalSign: null };

/** What the beginning of a file shows. */
export interface Sample extends Omit<FileHead, "text"> {
  separator: Separator;
  /** The first row is data; columns are then called as the server calls them. */
  isHeaderless: boolean;
  headers: string[];
  /** Data rows of the first megabyte. */
  rows: string[][];
  /** Named columns that can be used, with the values of the first 200 rows. */
  columns: SampleColumn[];
  repeated: string[];
}

/**
 * Reads and splits the beginning of a file, a megabyte if nothing else is said, as corrected and else as found.
 *
 * @throws FileProblem when it is no delimited text with a row, below its header if it has one.
 */
export async function readSample(file: Blob, reading: Reading = AS_FOUND, bytes?: number): Promise<Sample> {
  const { text, ...head } = await readHead(file, reading.encoding, bytes);
  const separator = reading.separator ?? guessSeparator(text);
  const [first, ...others] = parseCsv(text, separator);
  if (!first || (!head.isWhole && !/[\r\n]/.test(text))) throw new FileProblem(head.isWhole ? "header_missing" : "row_too_long");
  const isHeaderless = reading.isHeaderless ?? isData(first, others.slice(0, JUDGED_ROWS));
  const rows = isHeaderless ? [first, ...others] : others;
  // Of a file that goes on, the next row ends beyond what was read.
  if (rows.length === 0) throw new FileProblem(head.isWhole ? "header_missing" : "row_too_long");
  const headers = first.map((header, place) => (isHeaderless ? `Column ${place + 1}` : header.trim()));
  const repeated = repeatedHeaders(headers);
  const judged = rows.slice(0, JUDGED_ROWS);
  const columns = headers.flatMap((header, index) => (header === "" || repeated.includes(header) ? [] : [{ header, values: judged.map((row) => row[index] ?? "") }]));
  return { ...head, separator, isHeaderless, headers, rows, columns, repeated };
}

/** The first row is no header when it has a number or a date where most other rows have one as well. */
function isData(first: readonly string[], others: readonly string[][]): boolean {
  return first.some((value, place) => {
    const below = others.map((row) => row[place] ?? "").filter((other) => other.trim() !== "");
    return isNumberOrDate(value) && below.filter(isNumberOrDate).length * 2 >= below.length;
  });
}

function isNumberOrDate(value: string): boolean {
  return /^[+-]?\d+(?:[.,\s]\d+)*$/.test(value.trim()) || readTime(value) !== null;
}

export interface JourneyPreview {
  rows: number;
  journeys: number;
  medianSteps: number;
}

/** How journeys are counted. */
export interface JourneyRule {
  customerHeader: string;
  timeHeader: string;
  order: DayOrder;
  /** Pause that ends a journey; null = none. */
  gapMinutes: number | null;
  /** Numbers of the rows that were rejected, from 1. */
  rejected: ReadonlySet<number>;
}

/** Counts journeys in the rows of the sample that were not rejected. */
export function previewJourneys(sample: Sample, { customerHeader, timeHeader, order, gapMinutes, rejected }: JourneyRule): JourneyPreview {
  const customerAt = sample.headers.indexOf(customerHeader);
  const timeAt = sample.headers.indexOf(timeHeader);
  const times = new Map<string, number[]>();
  let rows = 0;
  for (const [index, row] of sample.rows.entries()) {
    if (rejected.has(index + 1)) continue;
    const read = readTime(row[timeAt] ?? "", order);
    const customer = row[customerAt]?.trim();
    if (!read || !customer) continue;
    rows += 1;
    const known = times.get(customer);
    const moment = Date.parse(`${read.iso}Z`) - read.offsetMinutes * 60_000;
    if (known) known.push(moment);
    else times.set(customer, [moment]);
  }
  const lengths: number[] = [];
  for (const moments of times.values()) {
    moments.sort((a, b) => a - b);
    let steps = 0;
    moments.forEach((moment, index) => {
      const before = moments[index - 1];
      if (before !== undefined && gapMinutes !== null && moment - before > gapMinutes * 60_000) {
        lengths.push(steps);
        steps = 0;
      }
      steps += 1;
    });
    lengths.push(steps);
  }
  return { rows, journeys: lengths.length, medianSteps: median(lengths) };
}
