export { FilterBar } from "./FilterBar";
export { useTermText } from "./useTermText";
export { formatTerm, parseTerm, withTerm, type Term } from "./terms";
