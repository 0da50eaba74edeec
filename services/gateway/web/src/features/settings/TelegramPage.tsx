import { Button } from "@mantine/core";
import { IconBrandTelegram, IconCheck, IconExternalLink } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useEffect, useState } from "react";
import { useIntl } from "react-intl";
import { api } from "@/api/client";
import { useChange } from "@/api/hooks";
import type { TelegramCode, TelegramState } from "@/api/types";
import { T, useText } from "@/messages";
import { useCopy } from "@/shared/copy";
import { useFormat } from "@/shared/format";
import { useNotify } from "@/shared/notify";
import { Card, EmptyState, ErrorState, LoadingBlock, Note, PageBody, PageTitle, useErrorText } from "@/shared/ui";
import css from "./settings.module.css";

const QrCode = lazy(() => import("./QrCode"));
const WHILE_WAITING_MS = 2000;
const LAST_MINUTE_SECONDS = 60;
const TOUCHES = [["telegram"]];
const LINK_ID = "telegram-link";

/** Settings, Telegram: link a private chat, try it, unlink it. */
export default function TelegramPage() {
  const t = useText();
  const [code, setCode] = useState<TelegramCode | null>(null);
  const state = useQuery({
    queryKey: ["telegram"],
    queryFn: ({ signal }) => api.get<TelegramState>("/telegram", {}, signal),
    refetchInterval: ({ state: { data } }) => (code && !data?.linked ? WHILE_WAITING_MS : false),
  });
  const { data } = state;
  if (code && data?.linked) setCode(null);
  return (
    <PageBody>
      <PageTitle title={t("settings.telegram.title")} lead={t("settings.telegram.lead")} />
      {state.isError && <ErrorState error={state.error} onRetry={() => void state.refetch()} />}
      {state.isPending && <LoadingBlock height={280} />}
      {data && !data.enabled && <EmptyState icon={<IconBrandTelegram size={22} stroke={1.7} />} title={t("settings.telegram.off")} text={t("settings.telegram.off_text")} />}
      {data?.enabled && (
        <div className={css.columns}>
          <div id={LINK_ID} tabIndex={-1} className={css.stack} aria-live="polite">
            {data.linked ? <Linked state={data} /> : <Unlinked code={code} onCode={setCode} botName={data.bot_username ?? ""} />}
          </div>
          <WhatIsSent />
        </div>
      )}
    </PageBody>
  );
}

function Unlinked({ code, onCode, botName }: { code: TelegramCode | null; onCode: (code: TelegramCode) => void; botName: string }) {
  const t = useText();
  const errorText = useErrorText();
  const create = useChange(() => api.post<TelegramCode>("/telegram/code"), TOUCHES);

  async function getCode() {
    onCode(await create.mutateAsync(undefined));
  }

  const failure = create.error && <Note tone="danger">{errorText(create.error)}</Note>;
  if (code) return <Linking key={code.code} code={code} botName={botName} onNewCode={() => void getCode().catch(() => undefined)} failure={failure} />;
  return (
    <Card title={t("settings.telegram.link")}>
      <p className={css.hint}>{t("settings.telegram.link_text")}</p>
      <div className={css.stack}>
        {failure}
        <div>
          <Button leftSection={<IconBrandTelegram size={16} stroke={1.7} />} loading={create.isPending} onClick={() => void getCode().catch(() => undefined)}>
            {t("settings.telegram.link")}
          </Button>
        </div>
      </div>
    </Card>
  );
}

interface LinkingProps {
  code: TelegramCode;
  botName: string;
  onNewCode: () => void;
  failure: React.ReactNode;
}

/** The steps, the code in three forms, and how long it is still good. */
function Linking({ code, botName, onNewCode, failure }: LinkingProps) {
  const t = useText();
  const secondsLeft = useSecondsUntil(code.expires_at);
  const { copy, isCopied } = useCopy({ isOnPage: true });
  const command = `/start ${code.code}`;
  if (secondsLeft === 0) {
    return (
      <Card title={t("settings.telegram.link")}>
        <div className={css.stack}>
          <Note tone="warn">{t("settings.telegram.expired")}</Note>
          {failure}
          <div>
            <Button onClick={onNewCode}>{t("settings.telegram.new_code")}</Button>
          </div>
        </div>
      </Card>
    );
  }
  return (
    <Card title={t("settings.telegram.link")}>
      <div className={css.linking}>
        <div style={{ flex: "1 1 240px" }}>
          <ol className={css.steps}>
            <li>{t("settings.telegram.step_open")}</li>
            <li>
              <T id="settings.telegram.step_start" />
            </li>
            <li>{t("settings.telegram.step_back")}</li>
          </ol>
          <Button component="a" href={code.deep_link} target="_blank" rel="noreferrer" rightSection={<IconExternalLink size={16} stroke={1.7} />} data-autofocus>
            {t("settings.telegram.open")}
          </Button>
        </div>
        <figure className={css.scan}>
          <Suspense fallback={<div className={css.qr} />}>
            <QrCode text={code.deep_link} label={t("settings.telegram.qr", { name: botName })} />
          </Suspense>
          <figcaption className={css.note}>{t("settings.telegram.qr_text")}</figcaption>
        </figure>
      </div>
      <p className={css.byHand}>
        <T id="settings.telegram.by_hand" values={{ name: botName }} />
      </p>
      <div className={css.code}>
        <code>{command}</code>
        <Button variant="default" onClick={() => void copy(command)}>
          {isCopied ? t("common.copied") : t("settings.telegram.copy")}
        </Button>
      </div>
      <div className={css.wait}>
        <span className={css.pulse} />
        <span aria-live="off">
          <Waiting secondsLeft={secondsLeft} />
        </span>
      </div>
      {secondsLeft <= LAST_MINUTE_SECONDS && (
        <p role="alert" className="small">
          {t("settings.telegram.one_minute")}
        </p>
      )}
    </Card>
  );
}

function Waiting({ secondsLeft }: { secondsLeft: number }) {
  const t = useText();
  const intl = useIntl();
  const seconds = intl.formatNumber(secondsLeft % 60, { minimumIntegerDigits: 2 });
  return t("settings.telegram.waiting", { time: `${Math.floor(secondsLeft / 60)}:${seconds}` });
}

/** Whole seconds until a moment, counted down to 0. */
function useSecondsUntil(moment: string): number {
  const left = () => Math.max(0, Math.ceil((Date.parse(moment) - Date.now()) / 1000));
  const [seconds, setSeconds] = useState(left);
  const isOver = seconds === 0;
  useEffect(() => {
    if (isOver) return undefined;
    const clock = setInterval(() => setSeconds(Math.max(0, Math.ceil((Date.parse(moment) - Date.now()) / 1000))), 500);
    return () => clearInterval(clock);
  }, [moment, isOver]);
  return seconds;
}

function Linked({ state }: { state: TelegramState }) {
  const t = useText();
  const format = useFormat();
  const errorText = useErrorText();
  const notify = useNotify();
  const chat = state.chat_title ?? "";
  const test = useChange(() => api.post("/telegram/test"), TOUCHES);
  const unlink = useChange(() => api.delete("/telegram"), TOUCHES);
  const botLink = `https://t.me/${state.bot_username ?? ""}`;

  async function end() {
    await unlink.mutateAsync(undefined);
    // The button is gone, and the focus must not be gone with it.
    document.getElementById(LINK_ID)?.focus();
    notify(t("settings.telegram.unlinked", { chat }));
  }

  return (
    <Card title={t("settings.telegram.linked", { chat })}>
      <div className={css.stack}>
        {state.linked_at && (
          <span className={css.state} data-tone="good">
            <IconCheck size={16} stroke={1.7} />
            {t("settings.telegram.linked_since", { time: format.moment(state.linked_at) })}
          </span>
        )}
        {state.blocked && <Note tone="warn">{t("settings.telegram.blocked")}</Note>}
        {test.isError && !state.blocked && <Note tone="danger">{errorText(test.error)}</Note>}
        {unlink.isError && <Note tone="danger">{errorText(unlink.error)}</Note>}
        {test.isSuccess && <Note tone="good">{t("settings.telegram.test_sent", { chat })}</Note>}
        <div className={css.buttons}>
          <Button loading={test.isPending} onClick={() => test.mutate(undefined)}>
            {t("settings.telegram.test")}
          </Button>
          <Button variant="default" component="a" href={botLink} target="_blank" rel="noreferrer" rightSection={<IconExternalLink size={16} stroke={1.7} />}>
            {t("settings.telegram.open_bot")}
          </Button>
          <Button variant="subtle" c="var(--danger)" loading={unlink.isPending} onClick={() => void end().catch(() => undefined)}>
            {t("settings.telegram.unlink")}
          </Button>
        </div>
      </div>
    </Card>
  );
}

const SAMPLE_BARS = [28, 40, 34, 18, 12, 46, 52, 38, 44, 30, 16, 20, 58, 61];

function WhatIsSent() {
  const t = useText();
  return (
    <Card title={t("settings.telegram.what")}>
      <ul className={css.sends}>
        {["today", "map", "end", "rights"].map((name) => (
          <li key={name}>
            <T id={`settings.telegram.sends_${name}`} />
          </li>
        ))}
      </ul>
      <div className={css.sampleName}>{t("settings.telegram.sample_name")}</div>
      <div className={css.bubble}>
        <svg viewBox="0 0 140 64" preserveAspectRatio="none" aria-hidden="true">
          {SAMPLE_BARS.map((height, index) => (
            <rect key={index} x={index * 10 + 1} y={64 - height} width={7} height={height} rx={1} fill={`var(--freq-${index === SAMPLE_BARS.length - 1 ? 4 : 2})`} />
          ))}
        </svg>
        <p>{t("settings.telegram.sample")}</p>
      </div>
    </Card>
  );
}
