import { Button, Popover } from "@mantine/core";
import { useId, useState, type ReactNode } from "react";
import { useText } from "@/messages";
import css from "./ConfirmButton.module.css";
import { useErrorText } from "./index";

interface ConfirmButtonProps {
  /** The button that asks. */
  label: ReactNode;
  /** Says which object the button is about, where the label alone does not. */
  ariaLabel?: string;
  /** What will happen, in one or two sentences. */
  question: string;
  /** The button that does it. */
  action: string;
  onConfirm: () => Promise<unknown>;
  disabled?: boolean;
  compact?: boolean;
}

/** A button for what cannot be undone: says what will happen, then does it; a failure is told in the same place. */
export function ConfirmButton({ label, ariaLabel, question, action, onConfirm, disabled = false, compact = false }: ConfirmButtonProps) {
  const t = useText();
  const errorText = useErrorText();
  const questionId = useId();
  const [isOpen, setOpen] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const [failure, setFailure] = useState<unknown>(null);

  async function confirm() {
    setBusy(true);
    setFailure(null);
    try {
      await onConfirm();
      setOpen(false);
    } catch (error) {
      setFailure(error);
    } finally {
      setBusy(false);
    }
  }

  return (
    <Popover opened={isOpen} onChange={setOpen} width={280} position="bottom-end" trapFocus returnFocus withinPortal>
      <Popover.Target>
        <Button className={css.ask} variant="subtle" size={compact ? "compact-sm" : "sm"} aria-label={ariaLabel} disabled={disabled} onClick={() => setOpen(!isOpen)}>
          {label}
        </Button>
      </Popover.Target>
      <Popover.Dropdown role="alertdialog" aria-describedby={questionId}>
        <p id={questionId} className={css.question}>
          {question}
        </p>
        {failure !== null && (
          <p role="alert" className={css.failure}>
            {errorText(failure)}
          </p>
        )}
        <div className={css.buttons}>
          <Button variant="default" onClick={() => setOpen(false)} data-autofocus>
            {t("common.cancel")}
          </Button>
          <Button className={css.act} loading={isBusy} onClick={() => void confirm()}>
            {action}
          </Button>
        </div>
      </Popover.Dropdown>
    </Popover>
  );
}
