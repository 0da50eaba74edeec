import { Radio, TextInput } from "@mantine/core";
import { useState } from "react";
import type { Finding, Repair } from "@/api/types";
import { useText } from "@/messages";
import { fieldLabel } from "@/shared/fields";
import { faultKey } from "../Findings";
import type { StepProps } from "./draft";
import css from "./wizard.module.css";

type Action = Repair["action"];

/** What to do with the rows that have one fault: skip them, repair the value, or stop. */
export function FaultChoice({ finding, headId, draft, change }: { finding: Finding; headId: string } & Pick<StepProps, "draft" | "change">) {
  const t = useText();
  const { field, reason } = finding;
  const key = faultKey(finding);
  const repairs = draft.repairs[field] ?? [];
  const repair = repairs.find((known) => known.reason === reason);
  const unknown = t("wizard.fault.unknown");
  const [text, setText] = useState(repair?.text || unknown);

  function choose(choice: string) {
    const action = finding.actions.find((known) => known === choice);
    change({
      stops: [...draft.stops.filter((known) => known !== key), ...(choice === "stop" ? [key] : [])],
      repairs: { ...draft.repairs, [field]: [...repairs.filter((known) => known !== repair), ...(action ? [made(action, text)] : [])] },
    });
  }
  const made = (action: Action, given: string): Repair => ({ reason, action, text: action === "use_text" ? given.trim() || unknown : "" });
  const label = (action: Action): string => t(`wizard.fault.${action === "clean" && reason === "nul_byte" ? "clean_nul" : action}`, { field: fieldLabel(t, field) });
  const takeText = (): void => {
    setText(made("use_text", text).text);
    if (made("use_text", text).text !== repair?.text) choose("use_text");
  };

  return (
    <Radio.Group label={t("wizard.fault.choice")} aria-describedby={headId} value={draft.stops.includes(key) ? "stop" : (repair?.action ?? "skip")} onChange={choose}>
      <div className={css.faultChoices}>
        <Radio value="skip" label={t("wizard.fault.skip")} />
        {finding.actions.map((action) => (
          <Radio key={action} value={action} label={label(action)} />
        ))}
        <Radio value="stop" label={t("wizard.fault.stop")} />
      </div>
      {repair?.action === "use_text" && (
        <form
          className={css.faultText}
          onSubmit={(event) => {
            event.preventDefault();
            takeText();
          }}
        >
          <TextInput label={t("wizard.fault.text", { field: fieldLabel(t, field) })} value={text} maxLength={512} onChange={(event) => setText(event.currentTarget.value)} onBlur={takeText} />
        </form>
      )}
    </Radio.Group>
  );
}
