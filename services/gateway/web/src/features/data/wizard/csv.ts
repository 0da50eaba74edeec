export const SEPARATORS = [",", ";", "\t", "|"] as const;
export type Separator = (typeof SEPARATORS)[number];

/** Splits delimited text with quotes (RFC 4180) into rows, at most `most`; empty lines are no rows. */
export function parseCsv(text: string, separator: string, most = Infinity): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let value = "";
  let isQuoted = false;
  const endRow = (): void => {
    row.push(value);
    value = "";
    if (row.length > 1 || row[0] !== "") rows.push(row);
    row = [];
  };
  for (let index = 0; index < text.length && rows.length < most; index++) {
    const character = text[index] as string;
    if (isQuoted) {
      if (character !== '"') value += character;
      else if (text[index + 1] === '"') {
        value += '"';
        index += 1;
      } else isQuoted = false;
    } else if (character === '"' && value === "") isQuoted = true;
    else if (character === separator) {
      row.push(value);
      value = "";
    } else if (character === "\n" || (character === "\r" && text[index + 1] !== "\n")) endRow();
    else if (character !== "\r") value += character;
  }
  if (rows.length < most && (value !== "" || row.length > 0)) endRow();
  return rows;
}

/** The separator that splits the first lines into the most columns of equal number. */
export function guessSeparator(text: string): Separator {
  let best: Separator = ",";
  let bestScore = 0;
  for (const separator of SEPARATORS) {
    const rows = parseCsv(text, separator, 20);
    const columns = rows[0]?.length ?? 0;
    const even = rows.filter((row) => row.length === columns).length / Math.max(1, rows.length);
    const score = columns > 1 ? even * 100 + columns : 0;
    if (score > bestScore) [best, bestScore] = [separator, score];
  }
  return best;
}
