import { ActionIcon } from "@mantine/core";
import { IconCheck, IconCopy } from "@tabler/icons-react";
import { T, useText } from "@/messages";
import { useCopy } from "@/shared/copy";
import { useScope } from "@/shared/scope";
import { DataTable } from "@/shared/ui";
import css from "./HelpPage.module.css";

const REFUSALS = [
  ["401", "unauthenticated"],
  ["401", "token_invalid"],
  ["403", "token_scope"],
  ["404", "dataset_not_found"],
  ["400", "body_not_json"],
  ["400", "body_not_gzip"],
  ["413", "too_large"],
  ["429", "rate_limit_reached"],
  ["503", "unavailable"],
] as const;

/** Working requests for this installation and the dataset in use. */
export function ApiGuide() {
  const t = useText();
  const { datasetId } = useScope();
  const address = `${location.origin}/api/v1/datasets/${datasetId ?? "DATASET_ID"}/events`;
  const one = { event_id: "order-1042-paid", customer_id: "c-1042", action_type: "purchase", time: "2024-06-29T14:05:00+07:00", channel_type: "website", device_category: "mobile", value: 59.9, currency: "EUR", properties: { coupon: "SUMMER" } };
  const request = (type: string, data: string): string => `curl -X POST '${address}' \\\n  -H 'Authorization: Bearer YOUR_TOKEN' \\\n  -H 'Content-Type: ${type}' \\\n  ${data}`;
  const lines = [
    { customer_id: "c-1042", action_type: "home", time: "2024-06-29T13:58:12Z" },
    { customer_id: "c-1042", action_type: "cart", time: "2024-06-29T14:01:40Z" },
  ];
  return (
    <>
      <h2 className={css.subtitle}>{t("help.api.one")}</h2>
      <Code text={request("application/json", `-d '${JSON.stringify(one, null, 2)}'`)} />
      <h2 className={css.subtitle}>{t("help.api.many")}</h2>
      <Code text={request("application/x-ndjson", `--data-binary '${lines.map((line) => JSON.stringify(line)).join("\n")}'`)} />
      <p className={css.text}>
        <T id="help.api.answer" values={{ code: (chunks) => <code>{chunks}</code> }} />
      </p>
      <Code text={JSON.stringify({ accepted: 1, rejected: [{ index: 1, reason: "field_missing", field: "customer_id", detail: t("help.api.rejected") }] }, null, 2)} />
      <h2 className={css.subtitle}>{t("help.api.refusals")}</h2>
      <DataTable
        caption={t("help.api.refusals")}
        rows={REFUSALS}
        rowKey={([, reason]) => reason}
        columns={[
          { key: "status", label: t("help.api.status"), render: ([status]) => status },
          { key: "reason", label: t("help.api.reason"), render: ([, reason]) => <code>{reason}</code> },
          { key: "what", label: t("help.api.what"), render: ([, reason]) => t(`help.api.refusal.${reason}`) },
        ]}
      />
      <p className={css.text} style={{ marginTop: 16 }}>
        <T id="help.api.debugger" />
      </p>
      <p className={css.text}>
        <T id="help.api.reference" values={{ a: (chunks) => <a href="/docs">{chunks}</a> }} />
      </p>
    </>
  );
}

function Code({ text }: { text: string }) {
  const t = useText();
  const { copy, isCopied } = useCopy({ isOnPage: true });
  return (
    <div className={css.codeBox}>
      <pre tabIndex={0}>
        <code>{text}</code>
      </pre>
      <ActionIcon className={css.copy} variant="default" size={32} onClick={() => void copy(text)} aria-label={t(isCopied ? "common.copied" : "help.copy")}>
        {isCopied ? <IconCheck size={16} stroke={1.7} /> : <IconCopy size={16} stroke={1.7} />}
      </ActionIcon>
    </div>
  );
}
