import { guessSeparator, parseCsv, type Separator } from "./csv";
import { FileProblem, readHead, type FileHead } from "./readFile";
import { repeatedHeaders, type SampleColumn } from "./roles";
import { readTime } from "./times";

const JUDGED_ROWS = 200;

/** What the beginning of a file shows. */
export interface Sample {
  head: Omit<FileHead, "text">;
  separator: Separator;
  headers: string[];
  /** Data rows of the first megabyte. */
  rows: string[][];
  /** Named columns that can be used, with the values of the first 200 rows. */
  columns: SampleColumn[];
  repeated: string[];
  /** The first row looks like data. */
  isHeaderDoubtful: boolean;
}

/**
 * Reads and splits the beginning of a file, at `chosen` or else at the separator that fits best.
 *
 * @throws FileProblem when it is no delimited text with a header and a row.
 */
export async function readSample(file: Blob, chosen: Separator | null = null): Promise<Sample> {
  const { text, ...head } = await readHead(file);
  const body = text.startsWith("\uFEFF") ? text.slice(1) : text;
  const separator = chosen ?? guessSeparator(body);
  const [first, ...rows] = parseCsv(body, separator);
  if (!first || rows.length === 0) throw new FileProblem("header_missing");
  const headers = first.map((header) => header.trim());
  const repeated = repeatedHeaders(headers);
  const judged = rows.slice(0, JUDGED_ROWS);
  const columns = headers.flatMap((header, index) => (header === "" || repeated.includes(header) ? [] : [{ header, values: judged.map((row) => row[index] ?? "") }]));
  const isHeaderDoubtful = headers.some((header) => readTime(header) !== null || /^-?\d+([.,]\d+)?$/.test(header));
  return { head, separator, headers, rows, columns, repeated, isHeaderDoubtful };
}

export interface JourneyPreview {
  rows: number;
  journeys: number;
  medianSteps: number;
}

/** Counts journeys in the sample rows, cut where a customer pauses longer than `gapMinutes` (null = never). */
export function previewJourneys(sample: Sample, customerHeader: string, timeHeader: string, gapMinutes: number | null): JourneyPreview {
  const customerAt = sample.headers.indexOf(customerHeader);
  const timeAt = sample.headers.indexOf(timeHeader);
  const times = new Map<string, number[]>();
  let rows = 0;
  for (const row of sample.rows) {
    const read = readTime(row[timeAt] ?? "");
    const customer = row[customerAt];
    if (!read || customer === undefined || customer === "") continue;
    rows += 1;
    const known = times.get(customer);
    const moment = Date.parse(`${read.iso}Z`);
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
  lengths.sort((a, b) => a - b);
  return { rows, journeys: lengths.length, medianSteps: lengths[Math.floor((lengths.length - 1) / 2)] ?? 0 };
}
