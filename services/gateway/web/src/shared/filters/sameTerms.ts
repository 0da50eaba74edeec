import { formatTerm, parseTerm } from "./terms";

/** Whether two filters ask for the same, however their terms are ordered and escaped. */
export function isSameTerms(one: readonly string[], other: readonly string[]): boolean {
  const written = (terms: readonly string[]): string => {
    const texts = terms.map((text) => {
      const term = parseTerm(text);
      return term ? formatTerm(term) : text;
    });
    return JSON.stringify([...new Set(texts)].sort());
  };
  return written(one) === written(other);
}
