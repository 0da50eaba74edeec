import { Popover } from "@mantine/core";
import { IconHelpCircle } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useRef, useState } from "react";
import { withHelp } from "@/shared/helpPages";
import { T, useText } from "@/messages";
import type { HelpHoverProps } from "./HelpHover";
import css from "./ui.module.css";

/** The "?" itself and what it opens. */
export default function HelpPopover({ term, textId, helpPage }: HelpHoverProps) {
  const t = useText();
  const [isOpen, setOpen] = useState(false);
  const mark = useRef<HTMLButtonElement>(null);
  const close = (): void => {
    // Help, which opens now, gives the focus back to where it is.
    mark.current?.focus();
    setOpen(false);
  };
  return (
    <Popover opened={isOpen} onChange={setOpen} width={300} position="bottom-start" withArrow trapFocus returnFocus>
      <Popover.Target>
        <button ref={mark} type="button" className={css.help} aria-label={t("common.help_about", { term })} onClick={() => setOpen(!isOpen)}>
          <IconHelpCircle size={16} stroke={1.7} />
        </button>
      </Popover.Target>
      <Popover.Dropdown>
        <p className="small" style={{ margin: 0 }}>
          <T id={textId} />
        </p>
        {helpPage && (
          <Link to="." search={withHelp(helpPage)} className={css.helpLink} onClick={close}>
            {t("common.read_in_help")}
          </Link>
        )}
      </Popover.Dropdown>
    </Popover>
  );
}
