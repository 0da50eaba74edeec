import { useEffect, useState } from "react";
import { useText } from "@/messages";
import { useNotify } from "./notify";

const SAID_MS = 2000;

interface Copy {
  /** Whether it was done; where it was not, the reader has been told. */
  copy: (text: string) => Promise<boolean>;
  /** It was done just now. */
  isCopied: boolean;
}

/** Copies a text; where the browser lets no page copy, says so, with the text unless it `isOnPage` to be selected there. */
export function useCopy({ isOnPage = false }: { isOnPage?: boolean } = {}): Copy {
  const t = useText();
  const tell = useNotify();
  const [isCopied, setCopied] = useState(false);
  useEffect(() => {
    if (!isCopied) return;
    const timer = setTimeout(() => setCopied(false), SAID_MS);
    return () => clearTimeout(timer);
  }, [isCopied]);
  const copy = async (text: string): Promise<boolean> => {
    // Not there over plain http, which is how many open a server of their own.
    const clipboard = navigator.clipboard as Clipboard | undefined;
    const isWritten = clipboard && (await clipboard.writeText(text).then(() => true, () => false));
    const isDone = isWritten || copyByCommand(text);
    setCopied(isDone);
    if (!isDone && isOnPage) tell(t("common.copy_refused"));
    if (!isDone && !isOnPage)
      tell(
        <>
          {t("common.copy_by_hand")} <code style={{ userSelect: "all", overflowWrap: "anywhere" }}>{text}</code>
        </>,
        { autoClose: false },
      );
    return isDone;
  };
  return { copy, isCopied };
}

/** Copies from a field that nobody sees; the focus comes back to where it was. */
function copyByCommand(text: string): boolean {
  const before = document.activeElement as HTMLElement | null;
  const field = document.createElement("textarea");
  field.value = text;
  field.readOnly = true; // no keyboard on phones
  field.style.cssText = "position: fixed; top: 0; opacity: 0";
  // A dialog keeps the focus inside.
  (before?.closest("[role=dialog]") ?? document.body).append(field);
  field.focus({ preventScroll: true });
  field.select();
  let isDone = false;
  try {
    isDone = document.execCommand("copy");
  } catch {
    // Told by the caller.
  }
  field.remove();
  before?.focus({ preventScroll: true });
  return isDone;
}
