import { Popover } from "@mantine/core";
import { IconHelpCircle } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { T, useText } from "@/messages";
import css from "./ui.module.css";

/** A "?" next to a term: two to four sentences and a link to the Help page. */
export function HelpHover({ term, textId, helpPage }: { term: string; textId: string; helpPage?: string }) {
  const t = useText();
  return (
    <Popover width={300} position="bottom-start" withArrow trapFocus>
      <Popover.Target>
        <button type="button" className={css.help} aria-label={t("common.help_about", { term })}>
          <IconHelpCircle size={16} stroke={1.7} />
        </button>
      </Popover.Target>
      <Popover.Dropdown>
        <p className="small" style={{ margin: 0 }}>
          <T id={textId} />
        </p>
        {helpPage && (
          <Link to="/help/$page" params={{ page: helpPage }} className="small">
            {t("common.read_in_help")}
          </Link>
        )}
      </Popover.Dropdown>
    </Popover>
  );
}
