import { notifications } from "@mantine/notifications";
import { useCallback } from "react";
import { useText } from "@/messages";
import { useNotify } from "@/shared/notify";
import css from "./undo.module.css";

const SHOWN_MS = 10_000;

/** Offers that are on the screen, oldest first. */
const offers: { noteId: string; take: () => void }[] = [];

function onKeyDown(event: KeyboardEvent): void {
  const isUndo = (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey && event.key.toLowerCase() === "z";
  const isTyping = event.target instanceof HTMLElement && event.target.closest("input, textarea, [contenteditable=true]");
  const offer = offers.at(-1);
  // In a field the keys undo what was typed there.
  if (!isUndo || isTyping || !offer) return;
  event.preventDefault();
  offer.take();
}

function withdraw(noteId: string): void {
  const index = offers.findIndex((offer) => offer.noteId === noteId);
  if (index >= 0) offers.splice(index, 1);
  if (offers.length === 0) window.removeEventListener("keydown", onKeyDown);
}

/**
 * Returns a function that says what was done and offers for ten seconds to undo it, by button or Ctrl Z.
 * `onUnused` runs when the offer ends without being taken. The answer is the id of the message: hiding it ends the offer.
 */
export function useUndo(): (message: string, undo: () => void, onUnused?: () => void) => string {
  const t = useText();
  const notify = useNotify();
  return useCallback(
    (message, undo, onUnused) => {
      let isTaken = false;
      const take = () => {
        isTaken = true;
        notifications.hide(noteId);
        undo();
      };
      const noteId = notify(
        <span>
          {message}{" "}
          <button type="button" className={css.undo} onClick={take} title={t("common.undo_keys")}>
            {t("common.undo")}
          </button>
        </span>,
        {
          autoClose: SHOWN_MS,
          onClose: () => {
            withdraw(noteId);
            if (!isTaken) onUnused?.();
          },
        },
      );
      if (offers.length === 0) window.addEventListener("keydown", onKeyDown);
      offers.push({ noteId, take });
      return noteId;
    },
    [t, notify],
  );
}
