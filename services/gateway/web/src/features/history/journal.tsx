import { Button } from "@mantine/core";
import { Link, type LinkProps } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import type { JournalEntry } from "@/api/types";
import { TypedConfirm } from "@/features/data/TypedConfirm";
import { useDeletedDataset } from "@/features/data/useDeletedDataset";
import { T, useText, type Translate } from "@/messages";
import { frozenLink } from "@/shared/analysisLink";
import { useScopeWords } from "@/shared/filters";
import { useNotify } from "@/shared/notify";
import { parseSearch, scopeOf } from "@/shared/search";
import { useErrorText } from "@/shared/ui";
import css from "./history.module.css";

/** What was exported and counted in a scope, which its address holds. */
const IN_SCOPE = new Set(["map", "paths", "steps", "chart", "table"]);

/** What was done, to what. */
export function journalName({ kind, object, name, format }: JournalEntry, t: Translate): string {
  if (kind === "fixed") return t("history.entry.fixed", { finding: t(`data.quality.name.${object}`) });
  return t(`history.entry.${kind}_${object}`, { name, format: format?.toUpperCase() });
}

/** How much was changed, or in which scope an export was made. */
export function JournalScope({ source }: { source: JournalEntry }) {
  const t = useText();
  const scopeWords = useScopeWords();
  const parts: string[] = [];
  if (source.kind === "exported") {
    if (source.name) parts.push(source.name);
    if (IN_SCOPE.has(source.object) && source.address) parts.push(...scopeWords(countedIn(source.address)));
  }
  if (source.events_changed) parts.push(t("history.events_changed", { count: source.events_changed }));
  if (source.events_removed) parts.push(t("history.events_removed", { count: source.events_removed }));
  // Without a word of it a card on a phone leaves the line out.
  return parts.length > 0 ? parts.join(" · ") : null;
}

function countedIn(address: string): Parameters<ReturnType<typeof useScopeWords>>[0] {
  const { from = null, to = null, f = [], case: unit, pause } = scopeOf(parseSearch(address.split("?")[1] ?? ""));
  return { from, to, filter: f, ...(unit !== undefined && { case: unit as "customer" | "session" }), session_gap_minutes: pause === undefined ? null : Number(pause) };
}

interface JournalActionsProps {
  source: JournalEntry;
  /** Says which line the buttons are about. */
  named: { what: string; when: string };
  /** The dataset is not there any more. */
  isGone: boolean;
  /** Id of the line's name. */
  nameId: string;
}

/** Where what was exported is: of a dataset that is gone, what is stored of it and says itself where it is not there any more. */
function linkOf({ object, object_id, address }: JournalEntry, isGone: boolean): LinkProps | null {
  if (isGone && object === "model") return object_id === null ? null : frozenLink(object_id);
  if (!address || (isGone && object !== "rejected_rows")) return null;
  const [to, query = ""] = address.split("?");
  return { to, search: parseSearch(query) } as LinkProps;
}

/** Leads to what was exported, or brings back what was deleted. */
export function JournalActions({ source, named, isGone, nameId }: JournalActionsProps) {
  const t = useText();
  const link = linkOf(source, isGone);
  const restorableId = source.can_restore ? source.object_id : null;
  if (!link && restorableId === null) return null;
  return (
    <span className={css.actions}>
      {link && (
        <Link {...link} className={css.open} aria-label={t("history.open_of", named)}>
          {t("history.open")}
        </Link>
      )}
      {restorableId !== null && <Restorable id={restorableId} name={source.name} named={named} nameId={nameId} />}
    </span>
  );
}

/** Restore, and Delete for good, of a deleted dataset. */
function Restorable({ id, name, named, nameId }: { id: string; name: string } & Pick<JournalActionsProps, "named" | "nameId">) {
  const t = useText();
  const notify = useNotify();
  const errorText = useErrorText();
  const { restore, erase } = useDeletedDataset(id);
  const [isErasing, setErasing] = useState(false);
  useEffect(
    () => () => {
      // The buttons go when one of them has worked, and the focus must not go with them.
      if (document.activeElement === document.body) document.getElementById(nameId)?.focus();
    },
    [nameId],
  );

  function bringBack() {
    restore.mutateAsync(undefined).then(
      () => notify(t("history.dataset_restored", { name })),
      (error: unknown) => notify(errorText(error), { color: "red" }),
    );
  }

  return (
    <>
      <Button variant="default" size="compact-sm" aria-label={t("history.restore_of", named)} loading={restore.isPending} onClick={bringBack}>
        {t("history.restore")}
      </Button>
      <Button variant="subtle" size="compact-sm" className={css.delete} aria-label={t("history.erase_of", named)} onClick={() => setErasing(true)}>
        {t("history.erase")}
      </Button>
      {isErasing && (
        <TypedConfirm
          title={t("history.erase_title", { name })}
          text={<T id="history.erase_text" values={{ name }} />}
          word={name}
          actionLabel={t("history.erase_action")}
          isPending={erase.isPending}
          error={erase.error}
          onClose={() => setErasing(false)}
          onConfirm={() => void erase.mutateAsync(undefined).then(() => notify(t("history.dataset_erased", { name })), () => undefined)}
        />
      )}
    </>
  );
}
