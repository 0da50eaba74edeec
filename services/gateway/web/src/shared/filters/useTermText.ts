import { useIntl } from "react-intl";
import { useText } from "@/messages";
import { fieldLabel } from "@/shared/fields";
import { useFormat } from "@/shared/format";
import { parseTerm } from "./terms";

/** Returns a function that says a filter term in words: what is filtered, and by which value. */
export function useTermText(): (term: string) => { what: string; value: string; whole: string } {
  const t = useText();
  const intl = useIntl();
  const format = useFormat();
  return (text) => {
    const term = parseTerm(text);
    if (!term) return { what: "", value: text, whole: text };
    const either = (values: string[]): string => intl.formatList(values.map((value) => value || t("common.not_set")), { type: "disjunction" });
    let key: string = term.kind;
    let value: string;
    if ("values" in term) value = either(term.values);
    else if ("sequences" in term) value = either(term.sequences.map((sequence) => sequence.join(" → ")));
    else {
      const say = term.kind === "duration" ? format.exactDuration : format.number;
      const bounds = [...new Set([term.min, term.max].filter((bound) => bound !== null))].map(say);
      key = `${term.kind}_${term.min === null ? "most" : term.max === null ? "least" : bounds.length === 1 ? "exactly" : "between"}`;
      value = intl.formatList(bounds);
    }
    const what = t(`filters.chip.${key}${term.isNegated ? "_not" : ""}`, { field: term.kind === "attribute" ? fieldLabel(t, term.field) : "" });
    return { what, value, whole: `${what} ${value}` };
  };
}
