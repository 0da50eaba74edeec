/** The same free form that the server reads: day, month and year with a time of day and a zone. */
const FREE_FORM =
  /^(\d{1,4})([./-])(\d{1,2})\2(\d{4}|\d{1,2})(?:([T,\s]\s*)(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?(\s*[AaPp]\.?[Mm]\.?)?)?\s*(Z|z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?$/;
/** Forms of ISO 8601 without the signs between. */
const SHORT_DAY = /^(\d{4})(\d{2})(\d{2})$/;
const SHORT_HOUR = /^(\d{4}-\d{2}-\d{2}[T ]\d{2})$/;
const EPOCH = /^-?\d{9,16}(?:\.\d+)?$/;
/** A year of two digits that the server does not take for an event: 19xx or 20xx. */
const AMBIGUOUS_YEAR = /^\d{1,2}[./-]\d{1,2}[./-](?:69|[7-9]\d)(?:\D|$)/;

export type DayOrder = "day_first" | "month_first" | "ambiguous";

export interface TimeReading {
  /** Values that are dates, of those that are not empty. */
  readable: number;
  filled: number;
  order: DayOrder;
  /** Every readable value says its zone. */
  hasZone: boolean;
  /** The first value that is a date. */
  example: string | null;
}

interface Parts {
  year: number;
  first: number;
  second: number;
  isOpen: boolean;
  time: string;
  hasZone: boolean;
  offsetMinutes: number;
}

function partsOf(text: string): Parts | null {
  const match = FREE_FORM.exec(text);
  if (!match) return null;
  const [, a = "", separator = "", b = "", c = "", , hour, minute = "00", second = "00", , half = "", zone] = match;
  const isYearFirst = a.length > 2;
  const year = Number(isYearFirst ? a : c.length <= 2 ? (Number(c) < 69 ? 2000 : 1900) + Number(c) : c);
  let hours = Number(hour ?? 0);
  if (half.trim()) {
    if (hours < 1 || hours > 12) return null;
    hours = (hours % 12) + (/p/i.test(half) ? 12 : 0);
  }
  if (hours > 23 || Number(minute) > 59 || Number(second) > 59) return null;
  const time = `${String(hours).padStart(2, "0")}:${minute}:${second}`;
  const [, sign, zoneHours = 0, zoneMinutes = 0] = /^([+-])(\d{2}):?(\d{2})?$/.exec(zone ?? "") ?? [];
  const offsetMinutes = (sign === "-" ? -1 : 1) * (Number(zoneHours) * 60 + Number(zoneMinutes));
  const clock = { time, hasZone: zone !== undefined, offsetMinutes };
  if (isYearFirst) return { year, first: Number(c), second: Number(b), isOpen: false, ...clock };
  return { year, first: Number(a), second: Number(b), isOpen: separator !== ".", ...clock };
}

function isDay(year: number, month: number, day: number): boolean {
  const date = new Date(Date.UTC(year, month - 1, day));
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
}

/** Epoch numbers: up to 11 digits are seconds, up to 14 milliseconds, else microseconds. */
function epochDate(text: string): Date {
  const digits = text.replace(/^-/, "").split(".")[0]?.length ?? 0;
  return new Date(Number(text) * (digits <= 11 ? 1000 : digits <= 14 ? 1 : 0.001));
}

/**
 * Reads one time as the server will.
 *
 * @returns ISO text without zone, "YYYY-MM-DDTHH:MM:SS" (of UTC for numbers since 1970), and how far its clock is before UTC; null when it is none.
 */
export function readTime(raw: string, order: DayOrder = "day_first"): { iso: string; hasZone: boolean; offsetMinutes: number } | null {
  const text = raw.trim();
  if (/^(19|20)\d{12}$/.test(text)) {
    const [year, month, day] = [Number(text.slice(0, 4)), Number(text.slice(4, 6)), Number(text.slice(6, 8))];
    if (!isDay(year, month, day)) return null;
    return { iso: `${text.slice(0, 4)}-${text.slice(4, 6)}-${text.slice(6, 8)}T${text.slice(8, 10)}:${text.slice(10, 12)}:${text.slice(12)}`, hasZone: false, offsetMinutes: 0 };
  }
  if (EPOCH.test(text)) return { iso: epochDate(text).toISOString().slice(0, 19), hasZone: true, offsetMinutes: 0 };
  const parts = partsOf(text.replace(SHORT_DAY, "$1-$2-$3").replace(SHORT_HOUR, "$1:00"));
  if (!parts) return null;
  const isMonthFirst = parts.isOpen && order === "month_first";
  const [day, month] = isMonthFirst ? [parts.second, parts.first] : [parts.first, parts.second];
  if (!isDay(parts.year, month, day)) return null;
  const two = (value: number): string => String(value).padStart(2, "0");
  return { iso: `${parts.year}-${two(month)}-${two(day)}T${parts.time}`, hasZone: parts.hasZone, offsetMinutes: parts.offsetMinutes };
}

/** Whether day or month comes first, by a value that fits only one way. */
export function dayOrder(values: readonly string[]): DayOrder {
  let isOpen = false;
  for (const value of values) {
    const parts = partsOf(value.trim());
    if (!parts?.isOpen) continue;
    if (parts.first > 12 && parts.second <= 12) return "day_first";
    if (parts.second > 12 && parts.first <= 12) return "month_first";
    isOpen ||= parts.first !== parts.second;
  }
  return isOpen ? "ambiguous" : "day_first";
}

/** How a column reads as times. */
export function readTimes(values: readonly string[]): TimeReading {
  const filled = values.filter((value) => value.trim() !== "");
  const order = dayOrder(filled);
  const read = filled.map((value) => (AMBIGUOUS_YEAR.test(value.trim()) ? null : readTime(value, order)));
  const good = read.filter((time) => time !== null);
  return {
    readable: good.length,
    filled: filled.length,
    order,
    hasZone: good.length > 0 && good.every((time) => time.hasZone),
    // The same day and month answer nothing where both orders are open.
    example: filled.find((value, row) => read[row] !== null && (order !== "ambiguous" || read[row]?.iso !== readTime(value, "month_first")?.iso)) ?? null,
  };
}
