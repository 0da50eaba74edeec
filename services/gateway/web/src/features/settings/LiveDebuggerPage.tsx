import { Button, SegmentedControl, TextInput } from "@mantine/core";
import { IconBroadcast, IconCheck, IconChevronRight, IconKeyOff, IconPlayerPause, IconPlayerPlay, IconPlugConnectedX, IconSearch, IconX } from "@tabler/icons-react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { memo, useCallback, useState } from "react";
import { useIntl } from "react-intl";
import { allItems, useDatasets, useMe } from "@/api/hooks";
import type { ApiToken, ReceivedEvent } from "@/api/types";
import { T, useText } from "@/messages";
import { useFormat } from "@/shared/format";
import { usePathParam, useUrlState } from "@/shared/scope";
import { scopeOf } from "@/shared/search";
import { EmptyState, ErrorState, LinkButton, LoadingRows, PageBody, PageTitle } from "@/shared/ui";
import { AdminsOnly } from "./AdminsOnly";
import { CurlSample } from "./CurlSample";
import { countOf, indented, outcomeOf, rowsOf, type Outcome, type ReceivedLog, type ReceivedRow } from "./received";
import css from "./debugger.module.css";
import { useReceived } from "./useReceived";

const OUTCOMES: Outcome[] = ["accepted", "rejected"];
const SHOW_ALL = "all";

/** Settings, API tokens, one token: what is received with it, live. */
export default function LiveDebuggerPage() {
  const t = useText();
  const tokenId = usePathParam("tokenId");
  const isAdmin = useMe().data?.user.role === "admin";
  const tokens = useQuery({ queryKey: ["tokens"], queryFn: ({ signal }) => allItems<ApiToken>("/tokens", {}, signal), enabled: isAdmin });
  const token = tokens.data?.find(({ id }) => id === tokenId);
  const isOver = tokens.data !== undefined && (!token || token.revoked_at !== null);
  const crumbs = [{ label: t("settings.tokens.title"), to: "/settings/tokens" }];
  return (
    <PageBody>
      <PageTitle title={t("settings.debugger.title")} crumbs={crumbs} lead={token && t("settings.debugger.lead", { name: token.name })} />
      <AdminsOnly>
        {tokens.isError && <ErrorState error={tokens.error} onRetry={() => void tokens.refetch()} />}
        {tokens.isPending && <LoadingRows rows={6} height={28} />}
        {isOver && (
          <EmptyState
            icon={<IconKeyOff size={22} stroke={1.7} />}
            title={t(token ? "settings.debugger.revoked" : "settings.debugger.unknown")}
            text={t(token ? "settings.debugger.revoked_text" : "settings.debugger.unknown_text")}
          >
            <LinkButton to="/settings/tokens" search={scopeOf}>
              {t("settings.debugger.tokens_link")}
            </LinkButton>
          </EmptyState>
        )}
        {token && !isOver && <Stream key={token.id} token={token} />}
      </AdminsOnly>
    </PageBody>
  );
}

function Stream({ token }: { token: ApiToken }) {
  const t = useText();
  const client = useQueryClient();
  // A stream says nothing about why it ended; these answers do.
  const ask = useCallback(() => {
    void client.invalidateQueries({ queryKey: ["me"] });
    void client.invalidateQueries({ queryKey: ["tokens"] });
  }, [client]);
  const { log: live, connection, reopen } = useReceived(token.id, ask);
  const [paused, setPaused] = useState<ReceivedLog | null>(null);
  const [show, setShow] = useUrlState<Outcome | typeof SHOW_ALL>("show", SHOW_ALL, OUTCOMES);
  const [keptText, keepText] = useUrlState("q", "");
  const [text, setText] = useState(keptText);
  const log = paused ?? live;
  const outcome = show === SHOW_ALL ? null : show;
  const rows = rowsOf(log, outcome, text);
  const newCount = countOf(live) - countOf(log);
  function search(wanted: string) {
    setText(wanted);
    keepText(wanted);
  }
  return (
    <div className={css.stream}>
      <div className={css.controls}>
        <SegmentedControl
          aria-label={t("settings.debugger.show")}
          value={show}
          onChange={setShow}
          data={[SHOW_ALL, ...OUTCOMES].map((value) => ({ value, label: t(`settings.debugger.show.${value}`) }))}
        />
        <TextInput
          className={css.filter}
          aria-label={t("settings.debugger.filter")}
          placeholder={t("settings.debugger.filter")}
          leftSection={<IconSearch size={16} stroke={1.7} />}
          value={text}
          onChange={(change) => search(change.currentTarget.value)}
        />
        <Button
          variant="default"
          leftSection={paused ? <IconPlayerPlay size={16} stroke={1.7} /> : <IconPlayerPause size={16} stroke={1.7} />}
          onClick={() => setPaused(paused ? null : live)}
        >
          {t(paused ? "settings.debugger.resume" : "settings.debugger.pause")}
        </Button>
      </div>
      {connection === "closed" ? (
        <EmptyState icon={<IconPlugConnectedX size={22} stroke={1.7} />} title={t("settings.debugger.closed")} text={t("settings.debugger.closed_text")}>
          <Button variant="default" onClick={reopen}>
            {t("common.try_again")}
          </Button>
        </EmptyState>
      ) : (
        <p className={css.now} data-state={paused ? "paused" : connection === "open" && countOf(live) > 0 ? "receiving" : "waiting"} role="status">
          {!paused && connection === "open" && countOf(live) > 0 ? <IconCheck size={18} stroke={2} /> : <span className={css.dot} />}
          {paused
            ? t("settings.debugger.paused", { count: newCount })
            : connection !== "open"
              ? t(`settings.debugger.${connection}`)
              : t(countOf(live) > 0 ? "settings.debugger.receiving" : "settings.tokens.waiting")}
        </p>
      )}
      {countOf(log) > 0 && (
        <p className={css.counts}>
          {t("settings.debugger.counts", log.counts)} {log.leftOut > 0 && t("settings.debugger.left_out", { count: log.leftOut })}
        </p>
      )}
      {rows.length > 0 && (
        <ol className={css.rows} aria-label={t("settings.debugger.list")}>
          {rows.map((row) => (
            <Row key={row.place} row={row} />
          ))}
        </ol>
      )}
      {rows.length === 0 && countOf(log) > 0 && (
        <EmptyState icon={<IconSearch size={22} stroke={1.7} />} title={t("settings.debugger.no_match")}>
          <Button
            variant="default"
            onClick={() => {
              setShow(null);
              search("");
            }}
          >
            {t("settings.debugger.show_all")}
          </Button>
        </EmptyState>
      )}
      {countOf(log) === 0 && token.dataset_ids[0] && (
        <div className={css.try}>
          <p>{t("settings.debugger.try")}</p>
          <CurlSample datasetId={token.dataset_ids[0]} />
        </div>
      )}
      <p className={css.hint}>
        <IconBroadcast size={16} stroke={1.7} />
        <span>{t("settings.debugger.hint")}</span>
      </p>
    </div>
  );
}

/** One received event; opens to show what was sent. */
const Row = memo(function Row({ row }: { row: ReceivedRow }) {
  const t = useText();
  const { formatTime } = useIntl();
  const format = useFormat();
  const outcome = outcomeOf(row);
  const timeOf = (moment: string): string => formatTime(moment, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
  const isRead = row.customer_id !== null || row.action_type !== null || row.time !== null;
  return (
    <li className={css.row}>
      <details>
        <summary>
          <IconChevronRight className={css.chevron} size={16} stroke={1.7} />
          <time className={css.time} dateTime={row.received_at} title={format.moment(row.received_at)}>
            {timeOf(row.received_at)}
          </time>
          <span className={css.outcome} data-outcome={outcome}>
            {row.rejection ? <IconX size={16} stroke={2} /> : <IconCheck size={16} stroke={2} />}
            {t(`settings.debugger.${outcome}`)}
          </span>
          <span className={css.what}>
            {row.rejection && (
              <span className={css.reason} translate="no">
                {!row.rejection.detail.includes(row.rejection.field) && <code>{row.rejection.field}</code>} {row.rejection.detail}
              </span>
            )}
            {row.index === null ? <span className={css.understood}>{t("settings.debugger.whole_request")}</span> : isRead && <Understood event={row} />}
            {row.repeats !== null && <span className={css.repeats}>{t("settings.debugger.repeats", { time: timeOf(row.repeats) })}</span>}
          </span>
        </summary>
        <Sent event={row} />
      </details>
    </li>
  );
});

function Understood({ event }: { event: ReceivedEvent }) {
  const t = useText();
  const missing = t("settings.debugger.missing");
  const values = { customer: event.customer_id ?? missing, step: event.action_type ?? missing, time: event.time ?? t("settings.debugger.now") };
  return (
    <span className={css.understood}>
      <T id="settings.debugger.understood" values={values} />
    </span>
  );
}

function Sent({ event }: { event: ReceivedEvent }) {
  const t = useText();
  const datasets = useDatasets().data;
  const dataset = datasets?.find(({ id }) => id === event.dataset_id)?.name ?? event.dataset_id;
  return (
    <div className={css.sent}>
      <p>
        {t("settings.debugger.request", { status: String(event.status), dataset, reason: event.rejection?.reason ?? "none" })}{" "}
        {event.index !== null && t("settings.debugger.place", { place: event.index + 1 })}
      </p>
      {event.sent ? (
        <pre tabIndex={0} role="region" aria-label={t("settings.debugger.sent")}>
          {event.is_cut ? event.sent : indented(event.sent)}
        </pre>
      ) : (
        <p>{t("settings.debugger.unread")}</p>
      )}
      {event.is_cut && <p>{t("settings.debugger.cut")}</p>}
    </div>
  );
}
