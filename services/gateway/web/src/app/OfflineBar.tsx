import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { askServer, useSilentSince } from "@/api/connection";
import { useText } from "@/messages";
import { useFormat } from "@/shared/format";
import css from "./shell.module.css";

const ASK_AGAIN_MS = 3000;

/** Says since when the server is silent; once it is back, what is on screen is asked for again. */
export function OfflineBar() {
  const t = useText();
  const format = useFormat();
  const client = useQueryClient();
  const since = useSilentSince();
  const isSilent = since !== null;
  useEffect(() => {
    if (!isSilent) return;
    const timer = setInterval(() => void askServer(), ASK_AGAIN_MS);
    return () => {
      clearInterval(timer);
      void client.invalidateQueries();
    };
  }, [isSilent, client]);
  return (
    <div role="status" aria-live="polite">
      {since && <div className={css.offline}>{t("shell.offline", { time: format.moment(since) })}</div>}
    </div>
  );
}
