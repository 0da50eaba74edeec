import { HELP_PAGES } from "@/shared/helpPages";
import { useText } from "@/messages";
import { usePathParam } from "@/shared/scope";
import { EmptyState, PageTitle } from "@/shared/ui";
import { HelpArticle } from "./HelpArticle";
import { HelpContents } from "./HelpContents";
import css from "./HelpPage.module.css";
import { HelpSearch } from "./HelpSearch";

/** Help: short pages in a ring of previous and next, all in the bundle. */
export default function HelpPage() {
  const t = useText();
  const page = usePathParam("page");
  const name = HELP_PAGES.find((candidate) => candidate === page);
  if (!name) return <EmptyState title={t("common.not_found")} text={t("common.not_found_text")} />;
  return (
    <div className={css.page}>
      <HelpContents />
      <HelpSearch>
        <PageTitle title={t(`shell.help.${name}`)} />
        <HelpArticle name={name} />
      </HelpSearch>
    </div>
  );
}
