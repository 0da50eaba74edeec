import { TextInput } from "@mantine/core";
import { IconSearch } from "@tabler/icons-react";
import { useState, type ReactNode } from "react";
import { useIntl } from "react-intl";
import { HELP_PAGES, type HelpPageName } from "@/shared/helpPages";
import { useText } from "@/messages";
import { foldText } from "@/shared/text";
import { PARAGRAPHS, TERMS } from "./contents";
import { HelpLink } from "./HelpLink";
import css from "./HelpPage.module.css";

const HITS_AT_MOST = 12;

/** A search field above help; what is found takes the place of `children`. */
export function HelpSearch({ children }: { children: ReactNode }) {
  const t = useText();
  const [sought, setSought] = useState("");
  const hits = useHits(sought);
  return (
    <div>
      <TextInput
        className={css.search}
        value={sought}
        onChange={(event) => setSought(event.currentTarget.value)}
        placeholder={t("help.search")}
        aria-label={t("help.search")}
        leftSection={<IconSearch size={16} stroke={1.7} />}
      />
      <div aria-live="polite">{sought.trim() && <p className={css.found}>{t("help.found", { count: hits.length })}</p>}</div>
      {sought.trim() ? (
        <ul className={css.hits}>
          {hits.map(({ page, text }) => (
            // The page that opens takes the place of what was found.
            <li key={`${page}:${text}`} onClick={() => setSought("")}>
              <HelpLink page={page} className={css.hit}>
                <b>{t(`shell.help.${page}`)}</b>
                {text}
              </HelpLink>
            </li>
          ))}
        </ul>
      ) : (
        children
      )}
    </div>
  );
}

interface Hit {
  page: HelpPageName;
  text: string;
}

/** The paragraphs that hold every word, in reading order. */
function useHits(sought: string): Hit[] {
  const intl = useIntl();
  const words = foldText(sought).split(/\s+/).filter(Boolean);
  if (words.length === 0) return [];
  const plain = (id: string): string => textOf(intl.messages[id] as unknown as Part[]);
  const all: Hit[] = HELP_PAGES.flatMap((page) => Array.from({ length: PARAGRAPHS[page] }, (_, index) => ({ page, text: plain(`help.${page}.${index + 1}`) })));
  const terms: Hit[] = TERMS.map((term) => ({ page: "glossary", text: `${plain(`help.term.${term}`)}: ${plain(`help.term.${term}.text`)}` }));
  return [...all, ...terms]
    .filter(({ page, text }) => {
      const folded = foldText(`${plain(`shell.help.${page}`)} ${text}`);
      return words.every((word) => folded.includes(word));
    })
    .slice(0, HITS_AT_MOST);
}

interface Part {
  value?: unknown;
  children?: Part[];
}

/** The words of a compiled message, without its marks. */
const textOf = (parts: Part[]): string => parts.map(({ value, children }) => (children ? textOf(children) : typeof value === "string" ? value : "")).join("");
