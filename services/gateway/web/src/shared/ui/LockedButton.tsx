import { Button, Tooltip, type ButtonProps } from "@mantine/core";
import { useId } from "react";
import css from "./ui.module.css";

/** A button the reader may not use; it stays in the tab order, so that the keyboard reaches the reason as well. */
export function LockedButton({ reason, children, ...button }: ButtonProps & { reason: string; children: string }) {
  const reasonId = useId();
  return (
    <>
      <Tooltip label={reason} events={{ hover: true, focus: true, touch: true }} multiline maw={280}>
        <Button {...button} data-disabled aria-disabled aria-describedby={reasonId}>
          {children}
        </Button>
      </Tooltip>
      <span id={reasonId} className={css.hidden}>
        {reason}
      </span>
    </>
  );
}
