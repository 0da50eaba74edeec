import { Modal, Textarea } from "@mantine/core";
import { useState } from "react";
import { useText } from "@/messages";
import { Note } from "@/shared/ui";
import { useFocusBack } from "@/shared/ui/useFocusBack";
import data from "../data.module.css";
import { FormActions } from "../FormActions";

interface PasteDialogProps {
  /** What was pasted before, so that closing the dialog loses nothing. */
  text: string;
  problem: string | null;
  onChange: (text: string) => void;
  onUse: (file: File) => Promise<void>;
  onClose: () => void;
}

/** Takes a table as text; from here on it is a file like any other. */
export function PasteDialog({ text, problem, onChange, onUse, onClose }: PasteDialogProps) {
  const t = useText();
  const [isReading, setReading] = useState(false);
  useFocusBack();
  return (
    <Modal opened onClose={onClose} centered size="lg" withCloseButton={false} attributes={{ content: { "aria-label": t("wizard.paste_title") } }}>
      <form
        className={data.fields}
        onSubmit={(event) => {
          event.preventDefault();
          setReading(true);
          // The mark says that it is UTF-8, so nobody has to be asked.
          void onUse(new File(["\uFEFF", text], "pasted.csv", { type: "text/csv" })).finally(() => setReading(false));
        }}
      >
        <h2 className={data.section}>{t("wizard.paste_title")}</h2>
        <Textarea
          label={t("wizard.paste_label")}
          description={t("wizard.paste_text")}
          placeholder={t("wizard.paste_example")}
          value={text}
          onChange={(event) => onChange(event.currentTarget.value)}
          rows={12}
          spellCheck={false}
          wrap="off"
          styles={{ input: { fontFamily: "ui-monospace, monospace", fontSize: 12.5 } }}
          data-autofocus
        />
        {problem && <Note tone="danger">{problem}</Note>}
        <FormActions disabled={text.trim() === ""} loading={isReading} onCancel={onClose}>
          {t("wizard.paste_use")}
        </FormActions>
      </form>
    </Modal>
  );
}
