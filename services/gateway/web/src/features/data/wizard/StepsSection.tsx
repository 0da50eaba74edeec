import { Button, Checkbox, TextInput } from "@mantine/core";
import { useMemo, useRef, useState, type FormEvent, type RefObject } from "react";
import type { StepCount, StepRule } from "@/api/types";
import { useText } from "@/messages";
import { foldText } from "@/shared/text";
import { Card, Note } from "@/shared/ui";
import { StepRow } from "./StepRow";
import { applyRules, goalAfter, LONGEST_NAME, LONGEST_PATTERN, MOST_RULES, renamed, ruleCoverage, rulesToList, takenOut, withPattern, type NamedStep } from "./stepRules";
import css from "./steps.module.css";

const PAGE_ROWS = 50;
const SEARCH_FROM = 10;

interface StepsSectionProps {
  /** Steps that the check found, with their events. */
  steps: StepCount[];
  /** Events of all steps, also of those too rare to be in `steps`. */
  eventsCount: number;
  rules: StepRule[];
  goal: string | null;
  onChange: (rules: StepRule[], goal: string | null) => void;
}

/** The steps as the map will show them: rename one, give several one name, by hand or by pattern. */
export function StepsSection({ steps, eventsCount, rules, goal, onChange }: StepsSectionProps) {
  const t = useText();
  const { named, hits } = useMemo(() => applyRules(steps, rules), [steps, rules]);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [search, setSearch] = useState("");
  const [mostRows, setMostRows] = useState(PAGE_ROWS);
  const [isFull, setFull] = useState(false);
  const patternInput = useRef<HTMLInputElement>(null);
  const list = useRef<HTMLUListElement>(null);

  function apply(next: StepRule[]): boolean {
    setFull(next.length > MOST_RULES);
    if (next.length > MOST_RULES) return false;
    onChange(next, goalAfter(goal, named, applyRules(steps, next).named));
    setChosen(new Set());
    return true;
  }

  const wanted = foldText(search.trim());
  const found = named.filter((step) => wanted === "" || [step.name, ...step.members.map((member) => member.activity)].some((text) => foldText(text).includes(wanted)));
  const shown = found.slice(0, mostRows);
  const chosenSteps = named.filter((step) => chosen.has(step.name));
  const listed = rulesToList(rules, hits);
  const shownEvents = steps.reduce((sum, step) => sum + step.count, 0);
  const choose = (names: string[], isChosen: boolean): void =>
    setChosen((former) => {
      const next = new Set(former);
      for (const name of names) if (isChosen) next.add(name);
        else next.delete(name);
      return next;
    });
  return (
    <Card title={t("wizard.steps_title")}>
      <div className={css.section}>
        <p className={css.text}>{t("wizard.steps_text")}</p>
        <p className={css.result} role="status">
          {rules.length === 0 ? t("wizard.steps_found", { count: steps.length }) : t("wizard.steps_become", { before: steps.length, after: named.length })}
        </p>
        {shownEvents < eventsCount && <Note>{t("wizard.steps_cut", { count: steps.length, events: shownEvents, total: eventsCount })}</Note>}
        {isFull && <Note tone="danger">{t("wizard.steps_full", { most: MOST_RULES })}</Note>}
        <div className={css.forms}>
          <GroupForm chosen={chosenSteps} named={named} onGroup={(name) => apply(renamed(rules, chosenSteps, name))} />
          <PatternForm steps={steps} rules={rules} input={patternInput} onAdd={(rule) => apply(withPattern(rules, rule))} />
        </div>
        {listed.length > 0 && (
          <ul className={css.rules} aria-label={t("wizard.steps_rules")}>
            {listed.map(({ rule, hits: hit }) => (
              <li key={rule.pattern} className={css.rule}>
                <span className={css.ruleText}>
                  {t("wizard.steps_rule", { pattern: rule.pattern, name: rule.name })}
                  <span className={css.from}>{t("wizard.steps_rule_hits", { steps: hit.steps, events: hit.events })}</span>
                </span>
                <Button
                  variant="subtle"
                  size="compact-sm"
                  aria-label={t("wizard.steps_rule_undo", { pattern: rule.pattern })}
                  onClick={() => {
                    apply(rules.filter((other) => other !== rule));
                    patternInput.current?.focus();
                  }}
                >
                  {t("wizard.steps_undo")}
                </Button>
              </li>
            ))}
          </ul>
        )}
        <div className={css.tools}>
          <Checkbox
            radius={4}
            label={t("wizard.steps_choose_all", { count: shown.length })}
            checked={shown.length > 0 && shown.every((step) => chosen.has(step.name))}
            indeterminate={shown.some((step) => chosen.has(step.name)) && !shown.every((step) => chosen.has(step.name))}
            onChange={(event) => choose(shown.map((step) => step.name), event.currentTarget.checked)}
          />
          {(named.length > SEARCH_FROM || search !== "") && (
            <TextInput aria-label={t("wizard.steps_search")} placeholder={t("wizard.steps_search")} value={search} onChange={(event) => setSearch(event.currentTarget.value)} />
          )}
        </div>
        <ul ref={list} tabIndex={-1} className={css.steps} aria-label={t("wizard.steps_title")}>
          {shown.map((step) => (
            <StepRow
              key={step.members[0]?.activity}
              step={step}
              isChosen={chosen.has(step.name)}
              isName={(name) => name !== step.name && named.some((other) => other.name === name)}
              onChoose={(isChosen) => choose([step.name], isChosen)}
              onRename={(name) => {
                const isDone = apply(renamed(rules, [step], name));
                // A step that joins another one may lose its row, and with it the focus.
                if (isDone) list.current?.focus({ preventScroll: true });
                return isDone;
              }}
              onUndo={() => apply(rules.filter((rule) => rule.name !== step.name))}
              onTakeOut={(member) => apply(takenOut(rules, member))}
            />
          ))}
        </ul>
        {found.length === 0 && <p className={css.text}>{t("wizard.steps_none")}</p>}
        {found.length > shown.length && (
          <Button variant="default" style={{ justifySelf: "start" }} onClick={() => setMostRows(mostRows + PAGE_ROWS)}>
            {t("wizard.steps_more", { count: found.length - shown.length })}
          </Button>
        )}
      </div>
    </Card>
  );
}

function GroupForm({ chosen, named, onGroup }: { chosen: NamedStep[]; named: NamedStep[]; onGroup: (name: string) => boolean }) {
  const t = useText();
  const input = useRef<HTMLInputElement>(null);
  const [name, setName] = useState("");
  const isReady = chosen.length > 1 && name.trim() !== "";
  const isTaken = named.some((step) => step.name === name.trim()) && !chosen.some((step) => step.name === name.trim());
  function group(event: FormEvent) {
    event.preventDefault();
    if (!isReady || !onGroup(name.trim())) return;
    setName("");
    input.current?.focus();
  }
  return (
    <form className={css.form} onSubmit={group}>
      <TextInput ref={input} label={t("wizard.steps_group")} placeholder={t("wizard.steps_group_example")} value={name} maxLength={LONGEST_NAME} onChange={(event) => setName(event.currentTarget.value)} />
      <Button type="submit" variant="default" disabled={!isReady}>
        {t("wizard.steps_group_do")}
      </Button>
      <p className={css.live} role="status">
        {t("wizard.steps_chosen", { count: chosen.length, events: chosen.reduce((sum, step) => sum + step.count, 0) })} {isTaken && t("wizard.steps_joins", { name: name.trim() })}
      </p>
    </form>
  );
}

interface PatternFormProps {
  steps: StepCount[];
  rules: StepRule[];
  input: RefObject<HTMLInputElement | null>;
  onAdd: (rule: StepRule) => boolean;
}

function PatternForm({ steps, rules, input, onAdd }: PatternFormProps) {
  const t = useText();
  const [pattern, setPattern] = useState("");
  const [name, setName] = useState("");
  const isReady = pattern !== "" && name.trim() !== "";
  const { steps: fresh, events, taken } = useMemo(() => ruleCoverage(steps, rules, pattern), [steps, rules, pattern]);
  function add(event: FormEvent) {
    event.preventDefault();
    if (!isReady || !onAdd({ pattern, name: name.trim() })) return;
    setPattern("");
    setName("");
    input.current?.focus();
  }
  return (
    <form className={css.form} onSubmit={add}>
      <TextInput ref={input} label={t("wizard.steps_like")} placeholder={t("wizard.steps_like_example")} value={pattern} maxLength={LONGEST_PATTERN} onChange={(event) => setPattern(event.currentTarget.value)} />
      <TextInput label={t("wizard.steps_like_become")} placeholder={t("wizard.steps_like_become_example")} value={name} maxLength={LONGEST_NAME} onChange={(event) => setName(event.currentTarget.value)} />
      <Button type="submit" variant="default" disabled={!isReady}>
        {t("wizard.steps_like_do")}
      </Button>
      <p className={css.live} role="status">
        {pattern === "" ? t("wizard.steps_like_text") : t("wizard.steps_like_hits", { steps: fresh, events, taken })}
      </p>
    </form>
  );
}
