export { FilterBar } from "./FilterBar";
export { useTermText } from "./useTermText";
export { formatTerm, isSameTerms, parseTerm, withTerm, type Term } from "./terms";
