import { Modal, TextInput } from "@mantine/core";
import { useState, type ReactNode } from "react";
import { T } from "@/messages";
import { Note, useErrorText } from "@/shared/ui";
import { useFocusBack } from "@/shared/ui/useFocusBack";
import css from "./data.module.css";
import { FormActions } from "./FormActions";

interface TypedConfirmProps {
  title: string;
  text: ReactNode;
  /** What has to be typed before the button works. */
  word: string;
  actionLabel: string;
  isPending: boolean;
  error: Error | null;
  onConfirm: () => void;
  onClose: () => void;
}

/** Asks to type a name before something that cannot be undone. */
export function TypedConfirm({ title, text, word, actionLabel, isPending, error, onConfirm, onClose }: TypedConfirmProps) {
  const errorText = useErrorText();
  const [typed, setTyped] = useState("");
  useFocusBack();
  const isRight = typed.trim() === word;
  return (
    <Modal opened onClose={onClose} centered withCloseButton={false} attributes={{ content: { "aria-label": title } }}>
      <form
        className={css.fields}
        onSubmit={(event) => {
          event.preventDefault();
          if (isRight) onConfirm();
        }}
      >
        <h2 className={css.section}>{title}</h2>
        <p className={css.modalText}>{text}</p>
        {error && <Note tone="danger">{errorText(error)}</Note>}
        <TextInput label={<T id="data.confirm_label" values={{ word }} />} value={typed} onChange={(event) => setTyped(event.currentTarget.value)} autoComplete="off" spellCheck={false} data-autofocus />
        <FormActions color="red" disabled={!isRight} loading={isPending} onCancel={onClose}>
          {actionLabel}
        </FormActions>
      </form>
    </Modal>
  );
}
