import { useCallback, useSyncExternalStore, type ReactNode } from "react";
import { FormattedMessage, IntlProvider, useIntl, type IntlShape } from "react-intl";
import { TYPE, type MessageFormatElement } from "@formatjs/icu-messageformat-parser";
import common from "./common.en.json";
import shell from "./shell.en.json";

/** One catalogue: message id to its compiled ICU form (the build compiles the JSON texts). */
type Catalogue = Record<string, MessageFormatElement[]>;

/** Values a message may take: plain ones, or a function for `<b>rich</b>` parts. */
export type TextValues = Record<string, string | number | Date | boolean | null | undefined>;
export type RichValues = Record<string, ReactNode | Date | ((chunks: ReactNode[]) => ReactNode)>;
export type Translate = (id: string, values?: TextValues) => string;

const features = import.meta.glob<{ default: Catalogue }>(["./*.en.json", "!./common.en.json", "!./shell.en.json"]);
const PSEUDO_LOCALE = "en-XA";
const locale = new URLSearchParams(location.search).get("locale") ?? localStorage.getItem("cjm-locale") ?? "en";
const accents: Record<string, string> = { a: "á", e: "ë", i: "ï", o: "ö", u: "ü", y: "ý", c: "ç", n: "ñ", A: "Å", E: "É", O: "Ö", S: "Š" };

function pseudo(elements: MessageFormatElement[]): MessageFormatElement[] {
  return elements.map((element) => {
    if (element.type === TYPE.literal) {
      const text = element.value.replace(/[a-z]/gi, (letter) => accents[letter] ?? letter);
      return { ...element, value: text + "·".repeat(Math.ceil(text.trim().length * 0.35)) };
    }
    if ("options" in element) {
      const options: Record<string, { value: MessageFormatElement[] }> = {};
      for (const [key, option] of Object.entries(element.options)) options[key] = { ...option, value: pseudo(option.value) };
      return { ...element, options };
    }
    return "children" in element ? { ...element, children: pseudo(element.children) } : element;
  });
}

function prepared(catalogue: Catalogue): Catalogue {
  if (locale !== PSEUDO_LOCALE) return catalogue;
  return Object.fromEntries(Object.entries(catalogue).map(([id, elements]) => [id, pseudo(elements)]));
}

let messages: Catalogue = prepared({ ...(common as unknown as Catalogue), ...(shell as unknown as Catalogue) });
const listeners = new Set<() => void>();

/**
 * Loads the messages of the named features (files `src/messages/<feature>.en.json`) into the one provider.
 *
 * @throws Error when a feature has no message file.
 */
export async function loadMessages(...names: string[]): Promise<void> {
  const loaded = await Promise.all(
    names.map((name) => {
      const load = features[`./${name}.en.json`];
      if (!load) throw new Error(`no message file for ${name}`);
      return load();
    }),
  );
  messages = Object.assign({}, messages, ...loaded.map((module) => prepared(module.default))) as Catalogue;
  listeners.forEach((listener) => listener());
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** The one IntlProvider of the page. */
export function Messages({ children }: { children: ReactNode }) {
  const current = useSyncExternalStore(subscribe, () => messages);
  return (
    <IntlProvider locale={locale === PSEUDO_LOCALE ? "en" : locale} defaultLocale="en" messages={current}>
      {children}
    </IntlProvider>
  );
}

/** Returns `t(id, values)`: the text of a message as a string. */
export function useText(): Translate {
  const intl = useIntl();
  return useCallback((id, values) => textOf(intl, id, values), [intl]);
}

function textOf(intl: IntlShape, id: string, values?: TextValues): string {
  return intl.formatMessage({ id }, values);
}

/** A message as React nodes; `values` may hold nodes and `b: (chunks) => <b>{chunks}</b>`. */
export function T({ id, values }: { id: string; values?: RichValues }) {
  return <FormattedMessage id={id} values={{ b: bold, ...values }} />;
}

const bold = (chunks: ReactNode[]): ReactNode => <b>{chunks}</b>;
