import { Button, type ButtonProps } from "@mantine/core";
import { useText } from "@/messages";
import css from "./data.module.css";

interface FormActionsProps extends ButtonProps {
  /** Absent where there is nothing to leave. */
  onCancel?: (() => void) | undefined;
}

/** The last row of a form: the button that submits it, and Cancel. */
export function FormActions({ onCancel, ...submit }: FormActionsProps) {
  const t = useText();
  return (
    <div className={css.formActions}>
      <Button type="submit" {...submit} />
      {onCancel && (
        <Button variant="default" onClick={onCancel}>
          {t("common.cancel")}
        </Button>
      )}
    </div>
  );
}
