import { useMemo } from "react";
import { useIntl } from "react-intl";
import { useText, type Translate } from "@/messages";
import type { Period } from "./period";

/** What kind of number changed: a count, a number with one decimal, seconds, or a ratio (told in points). */
export type ChangeKind = "count" | "tenths" | "duration" | "points";

export interface Formatters {
  /** 1295 -> "1,295". */
  number: (value: number) => string;
  /** Ratio 0-1 -> "9.7%", "58%", "99.7%", "<0.1%", ">99.9%"; "0%" and "100%" are none and all, nothing near them. */
  share: (ratio: number) => string;
  /** Seconds -> two units: "2 d 4 h", "1 m 14 s", "instant" below 1 s. */
  duration: (seconds: number) => string;
  /** All of it, as a condition says it: "1 d 30 m", "59.6 s". */
  exactDuration: (seconds: number) => string;
  /** Bytes -> "18.4 MB" (decimal). */
  bytes: (bytes: number) => string;
  /** "2024-06-29" -> "29 Jun 2024" in the reader's locale; no time-zone shift. */
  day: (date: string) => string;
  /** RFC 3339 -> date and time in the given zone (default: the reader's). */
  moment: (time: string, timeZone?: string) => string;
  /** RFC 3339 -> "2 hours ago". */
  ago: (time: string, now?: Date) => string;
  /** Two ISO dates, both included -> "6 – 29 Jun 2024". */
  range: (period: Period) => string;
  /** 1109 against 1012 -> "+97 (+9.6%)"; empty when the difference rounds to nothing. */
  change: (now: number, before: number, kind?: ChangeKind) => string;
}

const DURATION_UNITS: [string, number][] = [["d", 86400], ["h", 3600], ["m", 60], ["s", 1]];

export function useFormat(): Formatters {
  const { locale } = useIntl();
  const t = useText();
  return useMemo(() => formatters(locale, t), [locale, t]);
}

/** Builds the formatters of one locale; `t` gives the words of durations. */
export function formatters(locale: string, t: Translate): Formatters {
  const whole = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 });
  const tenth = new Intl.NumberFormat(locale, { maximumFractionDigits: 1 });
  const wholePercent = new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 0 });
  const tenthPercent = new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 1 });
  const day = new Intl.DateTimeFormat(locale, { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" });
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });

  function share(ratio: number): string {
    // Sums of shares miss 0 and 1 by a hair.
    const size = Math.round(Math.abs(ratio) * 1e9) / 1e9;
    if (size > 0 && size < 0.001) return `<${tenthPercent.format(0.001)}`;
    if (size >= 0.9995 && size < 1) return `>${tenthPercent.format(0.999)}`;
    const needsTenths = size < 0.0995 || (size >= 0.995 && size < 1);
    return (needsTenths ? tenthPercent : wholePercent).format(Math.sign(ratio) * size);
  }

  function duration(seconds: number): string {
    if (seconds < 1) return t("common.instant");
    const first = DURATION_UNITS.findIndex(([, size]) => seconds >= size);
    const rest = DURATION_UNITS[first + 1];
    const smallest = rest ? rest[1] : 1;
    // Round once to the smaller unit, so that 59.6 minutes never reads "0 h 60 m".
    let left = Math.round(seconds / smallest) * smallest;
    const parts: string[] = [];
    for (const [unit, size] of DURATION_UNITS) {
      const amount = Math.floor(left / size);
      if (amount > 0 && parts.length < 2) parts.push(t(`common.duration.${unit}`, { amount }));
      left -= amount * size;
    }
    return parts.join(" ");
  }

  function exactDuration(seconds: number): string {
    let left = seconds;
    const parts = DURATION_UNITS.flatMap(([unit, size]) => {
      // Filters tell parts of a second in six digits at most; taking days from it leaves more.
      const amount = unit === "s" ? Number(left.toFixed(6)) : Math.floor(left / size);
      left -= amount * size;
      return amount > 0 ? [t(`common.duration.${unit}`, { amount })] : [];
    });
    return parts.join(" ") || t("common.duration.s", { amount: 0 });
  }

  function bytes(count: number): string {
    const units = ["B", "kB", "MB", "GB"];
    const power = Math.min(units.length - 1, count < 1000 ? 0 : Math.floor(Math.log10(count) / 3));
    return `${tenth.format(count / 1000 ** power)} ${units[power]}`;
  }

  function moment(time: string, timeZone?: string): string {
    return new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short", ...(timeZone && { timeZone }) }).format(new Date(time));
  }

  function ago(time: string, now = new Date()): string {
    const seconds = (new Date(time).getTime() - now.getTime()) / 1000;
    const units: [Intl.RelativeTimeFormatUnit, number][] = [["day", 86400], ["hour", 3600], ["minute", 60]];
    for (const [unit, size] of units) {
      if (Math.abs(seconds) >= size) return relative.format(Math.round(seconds / size), unit);
    }
    return relative.format(0, "second");
  }

  function range({ from, to }: Period): string {
    return day.formatRange(new Date(`${from}T00:00:00Z`), new Date(`${to}T00:00:00Z`));
  }

  function change(now: number, before: number, kind: ChangeKind = "count"): string {
    const difference = Math.abs(now - before);
    const sign = now > before ? "+" : "−";
    const least = { count: 0.5, tenths: 0.05, duration: 1, points: 0.0005 }[kind];
    if (difference < least) return "";
    if (kind === "points") return t("common.points", { change: sign + tenth.format(100 * difference), amount: Math.round(1000 * difference) / 10 });
    const amount = sign + (kind === "duration" ? duration(difference) : (kind === "tenths" ? tenth : whole).format(difference));
    return before === 0 ? amount : `${amount} (${sign}${share(difference / before)})`;
  }

  return { number: (value) => whole.format(value), share, duration, exactDuration, bytes, day: (date) => day.format(new Date(`${date.slice(0, 10)}T00:00:00Z`)), moment, ago, range, change };
}
