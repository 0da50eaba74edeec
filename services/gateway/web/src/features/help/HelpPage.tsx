import { IconArrowLeft, IconArrowRight } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { lazy, Suspense } from "react";
import { HELP_PAGES, type HelpPageName } from "@/app/helpPages";
import { T, useText } from "@/messages";
import { usePathParam } from "@/shared/scope";
import { scopeOf } from "@/shared/search";
import { EmptyState, LoadingRows, PageTitle } from "@/shared/ui";
import css from "./HelpPage.module.css";

const ApiGuide = lazy(() => import("./ApiGuide"));
const FieldList = lazy(() => import("./FieldList"));

/** How many paragraphs or entries each page has; the words are `help.<page>.<number>`. */
const PARAGRAPHS: Record<HelpPageName, number> = { start: 5, data: 4, import: 6, map: 7, models: 5, reports: 5, api: 2, glossary: 0, shortcuts: 0 };
const TERMS = ["step", "path", "move", "journey", "way", "goal", "main_way", "waiting_time", "dataset", "touchpoint", "customer", "mapping", "quality"] as const;
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

/** Help: short pages in a ring of previous and next, all in the bundle. */
export default function HelpPage() {
  const t = useText();
  const page = usePathParam("page");
  const name = HELP_PAGES.find((candidate) => candidate === page);
  if (!name) return <EmptyState title={t("common.not_found")} text={t("common.not_found_text")} />;
  const at = HELP_PAGES.indexOf(name);
  const previous = HELP_PAGES[(at + HELP_PAGES.length - 1) % HELP_PAGES.length] ?? name;
  const next = HELP_PAGES[(at + 1) % HELP_PAGES.length] ?? name;
  return (
    <div className={css.page}>
      <nav className={css.contents} aria-label={t("help.contents")}>
        {HELP_PAGES.map((entry) => (
          <Link key={entry} to="/help/$page" params={{ page: entry }} search={scopeOf} className={css.entry}>
            {t(`shell.help.${entry}`)}
          </Link>
        ))}
      </nav>
      <article className={css.article}>
        <PageTitle title={t(`shell.help.${name}`)} />
        {Array.from({ length: PARAGRAPHS[name] }, (_, index) => (
          <p key={index} className={css.text}>
            <T id={`help.${name}.${index + 1}`} values={{ code: (chunks) => <code>{chunks}</code> }} />
          </p>
        ))}
        <Suspense fallback={<LoadingRows />}>
          {name === "api" && <ApiGuide />}
          {name === "data" && <FieldList />}
        </Suspense>
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
          <Link to="/help/$page" params={{ page: previous }} search={scopeOf} rel="prev">
            <IconArrowLeft size={16} stroke={1.7} /> {t(`shell.help.${previous}`)}
          </Link>
          <Link to="/help/$page" params={{ page: next }} search={scopeOf} rel="next">
            {t(`shell.help.${next}`)} <IconArrowRight size={16} stroke={1.7} />
          </Link>
        </nav>
      </article>
    </div>
  );
}
