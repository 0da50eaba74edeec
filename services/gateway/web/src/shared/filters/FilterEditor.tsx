import { Button, Checkbox, SegmentedControl, Select, TextInput } from "@mantine/core";
import { useDebouncedValue, useFocusTrap } from "@mantine/hooks";
import { IconArrowLeft } from "@tabler/icons-react";
import { Fragment, useState, type ChangeEvent } from "react";
import type { Query } from "@/api/client";
import { useDirectlyFollows, useFieldValues } from "@/api/hooks";
import { useText } from "@/messages";
import { fieldLabel } from "@/shared/fields";
import { useFormat } from "@/shared/format";
import { useScope } from "@/shared/scope";
import { foldText } from "@/shared/text";
import { ErrorState, LoadingRows } from "@/shared/ui";
import { searchListKeys } from "@/shared/ui/searchList";
import css from "./filters.module.css";
import { formatTerm, parseTerm, type Term } from "./terms";

const JOURNEY_KINDS = [
  { key: "step", field: "step", isNegated: false },
  { key: "step_not", field: "step", isNegated: true },
  { key: "direct", field: "direct", isNegated: false },
  { key: "eventual", field: "eventual", isNegated: false },
  { key: "starts", field: "starts", isNegated: false },
  { key: "ends", field: "ends", isNegated: false },
  { key: "duration", field: "duration", isNegated: false },
  { key: "length", field: "length", isNegated: false },
] as const;

/** Attributes that identify one event or person are no filters. */
const NOT_FILTERED = new Set(["event_id", "customer_id", "action_type", "time", "session_id"]);

/** A first, empty term of a kind. */
function blank(field: string, isNegated: boolean): Term {
  if (field === "direct" || field === "eventual") return { kind: field, field, isNegated, sequences: [] };
  if (field === "length" || field === "duration") return { kind: field, field, isNegated, min: null, max: null };
  if (field === "step" || field === "starts" || field === "ends") return { kind: field, field, isNegated, values: [] };
  return { kind: "attribute", field, isNegated, values: [] };
}

/**
 * Chooses what to filter by, then the values; `term` is the chip being changed, null for a new one. Each of the two takes
 * the focus by a trap of its own: the popover's is done before the editor's code is there, or before a kind is chosen.
 */
export default function FilterEditor({ term, onApply }: { term: string | null; onApply: (term: string) => void }) {
  const { filters, question } = useScope();
  const [draft, setDraft] = useState<Term | null>(() => (term === null ? null : parseTerm(term)));
  if (!draft) return <KindList onChoose={(field, isNegated) => setDraft(blank(field, isNegated))} />;
  // What is offered is counted in what the other filters keep.
  const others = { ...question, f: filters.filter((other) => other !== term) };
  return <TermEditor draft={draft} others={others} onChange={setDraft} onBack={() => setDraft(null)} onApply={() => onApply(formatTerm(draft))} />;
}

function KindList({ onChoose }: { onChoose: (field: string, isNegated: boolean) => void }) {
  const t = useText();
  const { dataset } = useScope();
  const [sought, setSought] = useState("");
  const fields = (dataset?.fields ?? []).filter((field) => !NOT_FILTERED.has(field)).map((field) => ({ key: field, field, isNegated: false, label: fieldLabel(t, field) }));
  const journeyKinds = dataset?.access.can_analyse ? JOURNEY_KINDS.map((kind) => ({ ...kind, label: t(`filters.kind.${kind.key}`) })) : [];
  const groups = [
    { name: "attributes", kinds: fields },
    { name: "journey", kinds: journeyKinds },
  ]
    .map(({ name, kinds }) => ({ name, kinds: kinds.filter(({ label }) => foldText(label).includes(foldText(sought))) }))
    .filter(({ kinds }) => kinds.length > 0);
  return (
    <div ref={useFocusTrap()} className={css.editor} onKeyDown={searchListKeys}>
      <SearchField label={t("filters.find_kind")} value={sought} onChange={setSought} />
      <div className={css.list}>
        {groups.map(({ name, kinds }) => (
          <Fragment key={name}>
            <span className={css.group} id={`filter-${name}`}>
              {t(`filters.group.${name}`)}
            </span>
            <ul aria-labelledby={`filter-${name}`}>
              {kinds.map(({ key, field, isNegated, label }) => (
                <li key={key}>
                  <button type="button" className={css.item} data-stop onClick={() => onChoose(field, isNegated)}>
                    {label}
                  </button>
                </li>
              ))}
            </ul>
          </Fragment>
        ))}
        {groups.length === 0 && <span className={css.group}>{t("filters.no_kind")}</span>}
      </div>
    </div>
  );
}

/** The field above a list. */
function SearchField({ label, value, onChange }: { label: string; value: string; onChange: (value: string) => void }) {
  return <TextInput value={value} onChange={(event) => onChange(event.currentTarget.value)} placeholder={label} aria-label={label} data-stop data-autofocus />;
}

interface TermEditorProps {
  draft: Term;
  /** The scope without the term being changed. */
  others: Query;
  onChange: (term: Term) => void;
  onBack: () => void;
  onApply: () => void;
}

function TermEditor({ draft, others, onChange, onBack, onApply }: TermEditorProps) {
  const t = useText();
  const title = draft.kind === "attribute" ? fieldLabel(t, draft.field) : t(`filters.kind.${draft.kind}${draft.kind === "step" && draft.isNegated ? "_not" : ""}`);
  const isComplete =
    "values" in draft ? draft.values.length > 0 : "sequences" in draft ? draft.sequences.every((pair) => pair.every(Boolean)) && draft.sequences.length > 0 : (draft.min ?? draft.max) !== null && !isFaulty(draft);
  return (
    <form
      ref={useFocusTrap()}
      className={css.editor}
      onKeyDown={searchListKeys}
      onSubmit={(event) => {
        event.preventDefault();
        if (isComplete) onApply();
      }}
    >
      <button type="button" className={css.back} onClick={onBack}>
        <IconArrowLeft size={16} stroke={1.7} /> {title}
      </button>
      {draft.kind === "attribute" && (
        <SegmentedControl
          size="xs"
          value={draft.isNegated ? "not" : "is"}
          onChange={(value) => onChange({ ...draft, isNegated: value === "not" })}
          data={[
            { value: "is", label: t("filters.is") },
            { value: "not", label: t("filters.is_not") },
          ]}
        />
      )}
      {draft.kind === "attribute" && <ValueList field={draft.field} others={others} chosen={draft.values} onChange={(values) => onChange({ ...draft, values })} />}
      {"values" in draft && draft.kind !== "attribute" && <StepList others={others} chosen={draft.values} onChange={(values) => onChange({ ...draft, values })} />}
      {"sequences" in draft && draft.kind !== "way" && <PairEditor others={others} pair={draft.sequences[0] ?? ["", ""]} onChange={(pair) => onChange({ ...draft, sequences: [pair] })} />}
      {draft.kind === "way" && <p className="small">{draft.sequences.map((sequence) => sequence.join(" → ")).join("; ")}</p>}
      {"min" in draft && <RangeEditor key={draft.kind} draft={draft} onChange={onChange} />}
      <Button type="submit" disabled={!isComplete}>
        {t("filters.apply")}
      </Button>
    </form>
  );
}

interface ChoiceProps {
  others: Query;
  chosen: string[];
  onChange: (chosen: string[]) => void;
}

/** Values to tick, with how many touchpoints of the scope have them. */
function CheckList({ entries, chosen, onChange }: Omit<ChoiceProps, "others"> & { entries: { value: string; count: number }[] }) {
  const t = useText();
  const format = useFormat();
  const missing = chosen.filter((value) => !entries.some((entry) => entry.value === value)).map((value) => ({ value, count: null }));
  if (missing.length + entries.length === 0) return <span className={css.group}>{t("common.scope_empty")}</span>;
  return (
    <div className={css.list}>
      <span className={`${css.group} ${css.unit}`} id="filter-unit">
        {t("filters.touchpoints")}
      </span>
      <ul aria-describedby="filter-unit">
        {[...missing, ...entries].map(({ value, count }) => (
          <li key={value}>
            <label className={css.item}>
              <Checkbox
                size="xs"
                radius={4}
                data-stop
                checked={chosen.includes(value)}
                onChange={(event) => onChange(event.currentTarget.checked ? [...chosen, value] : chosen.filter((other) => other !== value))}
              />
              <span>{value || t("common.not_set")}</span>{" "}
              {count !== null && <span className={`${css.itemCount} num`}>{format.number(count)}</span>}
            </label>
          </li>
        ))}
      </ul>
    </div>
  );
}

function ValueList({ field, others, chosen, onChange }: ChoiceProps & { field: string }) {
  const t = useText();
  const { datasetId } = useScope();
  const [sought, setSought] = useState("");
  const [settled] = useDebouncedValue(sought, 200);
  const values = useFieldValues(datasetId, field, settled, others);
  return (
    <>
      <SearchField label={t("filters.find_value")} value={sought} onChange={setSought} />
      {values.isError && <ErrorState error={values.error} onRetry={() => void values.refetch()} />}
      {values.isPending && <LoadingRows rows={4} />}
      {values.data && <CheckList entries={values.data.items.map(({ value, count }) => ({ value: value ?? "", count }))} chosen={chosen} onChange={onChange} />}
    </>
  );
}

function StepList({ others, chosen, onChange }: ChoiceProps) {
  const t = useText();
  const { datasetId } = useScope();
  const graph = useDirectlyFollows(datasetId, others);
  const [sought, setSought] = useState("");
  const matching = graph.data?.all_activities.filter(({ activity }) => foldText(activity).includes(foldText(sought)));
  return (
    <>
      <SearchField label={t("filters.find_step")} value={sought} onChange={setSought} />
      {graph.isError && <ErrorState error={graph.error} onRetry={() => void graph.refetch()} />}
      {graph.isPending && <LoadingRows rows={4} />}
      {matching && <CheckList entries={matching.map(({ activity, count }) => ({ value: activity, count }))} chosen={chosen} onChange={onChange} />}
    </>
  );
}

function PairEditor({ others, pair, onChange }: { others: Query; pair: string[]; onChange: (pair: string[]) => void }) {
  const t = useText();
  const { datasetId } = useScope();
  const graph = useDirectlyFollows(datasetId, others);
  const [first = "", second = ""] = pair;
  const known = graph.data?.all_activities.map((step) => step.activity) ?? [];
  const inPlace = { comboboxProps: { withinPortal: false }, searchable: true, openOnFocus: false, data: [...new Set([...known, first, second])].filter(Boolean) };
  return (
    <>
      {graph.isError && <ErrorState error={graph.error} onRetry={() => void graph.refetch()} />}
      <Select {...inPlace} label={t("filters.first_step")} value={first || null} onChange={(value) => onChange([value ?? "", second])} data-autofocus />
      <Select {...inPlace} label={t("filters.second_step")} value={second || null} onChange={(value) => onChange([first, value ?? ""])} />
    </>
  );
}

const UNITS = { minutes: 60, hours: 3600, days: 86_400 } as const;
type Unit = keyof typeof UNITS;

type RangeTerm = Extract<Term, { min: number | null }>;

/** Not a number stands for a text that is none. */
const isFaulty = ({ min, max }: RangeTerm): boolean => Number.isNaN(min) || Number.isNaN(max) || isReversed({ min, max });
const isReversed = ({ min, max }: Pick<RangeTerm, "min" | "max">): boolean => min !== null && max !== null && min > max;

function RangeEditor({ draft, onChange }: { draft: RangeTerm; onChange: (term: Term) => void }) {
  const t = useText();
  const [unit, setUnit] = useState<Unit>(() => unitOf(draft));
  const size = draft.kind === "duration" ? UNITS[unit] : 1;
  const [texts, setTexts] = useState({ min: written(draft.min, size), max: written(draft.max, size) });
  const numbersOf = ({ min, max }: typeof texts, unitSize: number) => ({ min: readNumber(draft.kind, min, unitSize), max: readNumber(draft.kind, max, unitSize) });
  const field = (end: "min" | "max") => ({
    value: texts[end],
    onChange: (event: ChangeEvent<HTMLInputElement>) => {
      const next = { ...texts, [end]: event.currentTarget.value };
      setTexts(next);
      onChange({ ...draft, ...numbersOf(next, size) });
    },
    inputMode: draft.kind === "length" ? ("numeric" as const) : ("decimal" as const),
    error: Number.isNaN(draft[end]) ? t(`filters.write_${draft.kind}`) : end === "max" && isReversed(draft) ? t("filters.reversed") : undefined,
  });
  return (
    <>
      {draft.kind === "duration" && (
        <SegmentedControl
          size="xs"
          value={unit}
          onChange={(next) => {
            setUnit(next as Unit);
            onChange({ ...draft, ...numbersOf(texts, UNITS[next as Unit]) });
          }}
          data={Object.keys(UNITS).map((value) => ({ value, label: t(`filters.unit.${value}`) }))}
        />
      )}
      <div className={css.row}>
        <TextInput label={t("filters.at_least")} {...field("min")} data-autofocus />
        <TextInput label={t("filters.at_most")} {...field("max")} />
      </div>
    </>
  );
}

/** The largest unit in which both ends are whole. */
function unitOf({ min, max }: RangeTerm): Unit {
  const ends = [min, max].filter((end) => end);
  const fits = (unit: Unit) => ends.every((end) => Number(end) % UNITS[unit] === 0);
  return ends.length === 0 ? "minutes" : fits("days") ? "days" : fits("hours") ? "hours" : "minutes";
}

/** As many digits as `readNumber` takes, which is to the second. */
const written = (end: number | null, size: number): string => (end === null ? "" : String(Number((end / size).toFixed(6))));

/** What a field says: null where it is empty, not a number where it says none that a filter can hold. */
function readNumber(kind: RangeTerm["kind"], text: string, size: number): number | null {
  const trimmed = text.trim();
  if (trimmed === "") return null;
  return (kind === "length" ? /^\d{1,12}$/ : /^\d{1,12}(\.\d{1,6})?$/).test(trimmed) ? Math.round(Number(trimmed) * size) : NaN;
}
