import { IconArrowLeft, IconArrowRight } from "@tabler/icons-react";
import { HELP_PAGES, type HelpPageName } from "@/shared/helpPages";
import { T, useText } from "@/messages";
import { ApiGuide } from "./ApiGuide";
import { FieldList } from "./FieldList";
import { HelpLink } from "./HelpLink";
import css from "./HelpPage.module.css";
import { PARAGRAPHS, TERMS } from "./contents";

const SHORTCUTS = [
  ["Ctrl K", "search"],
  ["?", "help"],
  ["↓ ↑", "map_strongest"],
  ["← →", "map_neighbour"],
  ["Enter", "map_select"],
  ["Esc", "map_clear"],
  ["P", "map_paths"],
  ["T", "map_table"],
  ["+ −", "map_zoom"],
  ["0", "map_fit"],
] as const;

/** One help page, with ways to the one before and after it. */
export function HelpArticle({ name }: { name: HelpPageName }) {
  const t = useText();
  const at = HELP_PAGES.indexOf(name);
  const previous = HELP_PAGES[(at + HELP_PAGES.length - 1) % HELP_PAGES.length] ?? name;
  const next = HELP_PAGES[(at + 1) % HELP_PAGES.length] ?? name;
  return (
    <article className={css.article}>
      {Array.from({ length: PARAGRAPHS[name] }, (_, index) => (
        <p key={index} className={css.text}>
          <T id={`help.${name}.${index + 1}`} values={{ code: (chunks) => <code>{chunks}</code> }} />
        </p>
      ))}
      {name === "api" && <ApiGuide />}
      {name === "data" && <FieldList />}
      {name === "glossary" && (
        <dl className={css.terms}>
          {TERMS.map((term) => (
            <div key={term}>
              <dt>{t(`help.term.${term}`)}</dt>
              <dd>{t(`help.term.${term}.text`)}</dd>
            </div>
          ))}
        </dl>
      )}
      {name === "shortcuts" && (
        <dl className={css.terms}>
          {SHORTCUTS.map(([keys, what]) => (
            <div key={what}>
              <dt>
                <kbd className={css.keys}>{keys}</kbd>
              </dt>
              <dd>{t(`help.shortcut.${what}`)}</dd>
            </div>
          ))}
        </dl>
      )}
      <nav className={css.ring} aria-label={t("help.more_pages")}>
        <HelpLink page={previous} rel="prev">
          <IconArrowLeft size={16} stroke={1.7} /> {t(`shell.help.${previous}`)}
        </HelpLink>
        <HelpLink page={next} rel="next">
          {t(`shell.help.${next}`)} <IconArrowRight size={16} stroke={1.7} />
        </HelpLink>
      </nav>
    </article>
  );
}
