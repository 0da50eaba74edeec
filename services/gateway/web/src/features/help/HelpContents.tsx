import { HELP_PAGES } from "@/shared/helpPages";
import { useText } from "@/messages";
import { HelpLink } from "./HelpLink";
import css from "./HelpPage.module.css";

/** All help pages. */
export function HelpContents() {
  const t = useText();
  return (
    <nav className={`sideways ${css.contents}`} aria-label={t("help.contents")}>
      {HELP_PAGES.map((entry) => (
        <HelpLink key={entry} page={entry} className={css.entry}>
          {t(`shell.help.${entry}`)}
        </HelpLink>
      ))}
    </nav>
  );
}
