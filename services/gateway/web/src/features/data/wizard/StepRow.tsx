import { Button, Checkbox, CloseButton, TextInput } from "@mantine/core";
import { useEffect, useRef, useState, type FormEvent } from "react";
import { useText } from "@/messages";
import { LONGEST_NAME, type NamedStep } from "./stepRules";
import css from "./steps.module.css";

const MOST_MEMBERS = 100;

interface StepRowProps {
  step: NamedStep;
  isChosen: boolean;
  /** Whether another step has this name. */
  isName: (name: string) => boolean;
  onChoose: (isChosen: boolean) => void;
  onRename: (name: string) => boolean;
  onUndo: () => void;
  onTakeOut: (member: string) => void;
}

/** One step of the result: its name, what it is made of, and how to change that. */
export function StepRow({ step, isChosen, isName, onChoose, onRename, onUndo, onTakeOut }: StepRowProps) {
  const t = useText();
  const [name, setName] = useState<string | null>(null);
  const renameButton = useRef<HTMLButtonElement>(null);
  const input = useRef<HTMLInputElement>(null);
  const isRenaming = name !== null;
  const wasRenaming = useRef(false);
  useEffect(() => {
    if (isRenaming) {
      input.current?.focus();
      input.current?.select();
    } else if (wasRenaming.current) renameButton.current?.focus();
    wasRenaming.current = isRenaming;
  }, [isRenaming]);
  const members = step.members.map((member) => member.activity);
  const isChanged = members.length > 1 || members[0] !== step.name;

  function save(event: FormEvent) {
    event.preventDefault();
    const wanted = name?.trim() ?? "";
    if (wanted === "") return;
    if (wanted === step.name || onRename(wanted)) setName(null);
  }

  return (
    <li className={css.step} data-chosen={isChosen}>
      <Checkbox radius={4} checked={isChosen} aria-label={t("wizard.steps_choose", { step: step.name })} onChange={(event) => onChoose(event.currentTarget.checked)} />
      {isRenaming ? (
        <form
          className={css.rename}
          onSubmit={save}
          onKeyDown={(event) => {
            if (event.key === "Escape") setName(null);
          }}
        >
          <TextInput
            ref={input}
            aria-label={t("wizard.steps_new_name", { step: step.name })}
            value={name}
            maxLength={LONGEST_NAME}
            onChange={(event) => setName(event.currentTarget.value)}
            description={isName(name.trim()) ? t("wizard.steps_joins", { name: name.trim() }) : undefined}
            inputWrapperOrder={["label", "input", "description"]}
          />
          <Button type="submit" variant="default" disabled={name.trim() === ""}>
            {t("wizard.steps_rename_do")}
          </Button>
          <Button variant="subtle" onClick={() => setName(null)}>
            {t("common.cancel")}
          </Button>
        </form>
      ) : (
        <>
          <div className={css.name}>
            <b>{step.name}</b>
            {isChanged && members.length === 1 && <span className={css.from}>{t("wizard.steps_was", { step: members[0] ?? "" })}</span>}
            {members.length > 1 && (
              <details className={css.from}>
                <summary>{t("wizard.steps_from", { count: members.length })}</summary>
                <ul className={css.members}>
                  {members.slice(0, MOST_MEMBERS).map((member) => (
                    <li key={member}>
                      {member}
                      {member !== step.name && <CloseButton size="sm" aria-label={t("wizard.steps_take_out", { step: member, name: step.name })} onClick={() => onTakeOut(member)} />}
                    </li>
                  ))}
                  {members.length > MOST_MEMBERS && <li>{t("wizard.steps_and_more", { count: members.length - MOST_MEMBERS })}</li>}
                </ul>
              </details>
            )}
          </div>
          <span className={css.count}>{t("wizard.steps_events", { count: step.count })}</span>
          <span className={css.rowActions}>
            {isChanged && (
              <Button
                variant="subtle"
                size="compact-sm"
                aria-label={t("wizard.steps_undo_of", { step: step.name })}
                onClick={() => {
                  onUndo();
                  renameButton.current?.focus();
                }}
              >
                {t("wizard.steps_undo")}
              </Button>
            )}
            <Button ref={renameButton} variant="subtle" size="compact-sm" aria-label={t("wizard.steps_rename_of", { step: step.name })} onClick={() => setName(step.name)}>
              {t("wizard.steps_rename")}
            </Button>
          </span>
        </>
      )}
    </li>
  );
}
