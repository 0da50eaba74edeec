/** Digits after the point: times are known to the millisecond, and medians lie between two of them. */
const MOST_DIGITS = 6;

/** Rows as CSV (RFC 4180) with a header; texts that a spreadsheet would take for a formula get a leading apostrophe. */
export function toCsv(header: readonly string[], rows: readonly (readonly (string | number | null)[])[]): string {
  const cell = (value: string | number | null): string => {
    if (value === null) return "";
    if (typeof value === "number") return String(Number(value.toFixed(MOST_DIGITS)));
    const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
    return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  return [header, ...rows].map((row) => row.map(cell).join(",")).join("\r\n") + "\r\n";
}

/** Hands a file to the reader. */
export function saveFile(name: string, content: Blob): void {
  const url = URL.createObjectURL(content);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}

export const csvFile = (text: string): Blob => new Blob(["\ufeff", text], { type: "text/csv;charset=utf-8" });
