export { FilterBar } from "./FilterBar";
export { useTermText } from "./useTermText";
export { useScopeWords } from "./useScopeWords";
export { formatTerm, parseTerm, withTerm, type Term } from "./terms";
