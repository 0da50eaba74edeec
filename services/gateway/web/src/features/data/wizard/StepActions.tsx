import { Button } from "@mantine/core";
import { IconArrowLeft } from "@tabler/icons-react";
import { useText } from "@/messages";
import css from "./wizard.module.css";

interface StepActionsProps {
  nextLabel: string;
  onNext: () => void;
  onBack?: () => void;
  isDisabled?: boolean;
  isPending?: boolean;
  /** Why going on is not possible yet. */
  hint?: string | null;
}

/** Back and the one way on. */
export function StepActions({ nextLabel, onNext, onBack, isDisabled = false, isPending = false, hint }: StepActionsProps) {
  const t = useText();
  return (
    <div className={css.actions}>
      {onBack && (
        <Button variant="default" onClick={onBack} leftSection={<IconArrowLeft size={16} stroke={1.7} />}>
          {t("common.back")}
        </Button>
      )}
      <span className={css.hint} role="status">
        {hint}
      </span>
      <Button onClick={onNext} disabled={isDisabled} loading={isPending}>
        {nextLabel}
      </Button>
    </div>
  );
}
