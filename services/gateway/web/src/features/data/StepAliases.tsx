import { request } from "@/api/client";
import { useChange } from "@/api/hooks";
import type { Dataset } from "@/api/types";
import { useText } from "@/messages";
import { useNotify } from "@/shared/notify";
import { Card, DataTable, ErrorState } from "@/shared/ui";
import { ConfirmButton } from "@/shared/ui/ConfirmButton";
import css from "./data.module.css";
import { useStepAliases, type StepAlias } from "./quality";
import look from "./quality.module.css";

const CARD_ID = "step-aliases";

/** Names under which events still come in and count as another step; nothing where there are none. */
export function StepAliases({ dataset }: { dataset: Dataset }) {
  const t = useText();
  const notify = useNotify();
  const aliases = useStepAliases(dataset);
  const end = useChange(({ alias }: StepAlias) => request<undefined>("DELETE", `/datasets/${dataset.id}/step-aliases`, { query: { alias } }), [["datasets"]]);
  if (aliases.isError) return <ErrorState error={aliases.error} onRetry={() => void aliases.refetch()} />;
  if (!aliases.data?.length) return null;

  // The row goes, with the last one the card, and the focus must not go with it.
  const stays = aliases.data.length > 1 ? CARD_ID : "content";

  async function confirm(ended: StepAlias) {
    await end.mutateAsync(ended);
    notify(t("data.aliases.ended", { ...ended }));
    document.getElementById(stays)?.focus({ preventScroll: true });
  }

  return (
    <div id={CARD_ID} tabIndex={-1}>
      <Card title={t("data.aliases")}>
        <p className={`${look.lead} small muted`}>{t("data.aliases.text")}</p>
        <DataTable
          caption={t("data.aliases")}
          cards
          rows={aliases.data}
          rowKey={({ alias }) => alias}
          columns={[
            { key: "alias", label: t("data.aliases.alias"), sortBy: ({ alias }) => alias, render: ({ alias }) => <span className={css.verbatim}>{t("data.quality.example.quoted", { value: alias })}</span> },
            { key: "activity", label: t("data.aliases.activity"), sortBy: ({ activity }) => activity, render: ({ activity }) => activity },
            ...(dataset.access.can_manage
              ? [
                  {
                    key: "actions",
                    label: t("data.actions"),
                    align: "right" as const,
                    render: (item: StepAlias) => (
                      <ConfirmButton
                        label={t("data.aliases.end")}
                        ariaLabel={t("data.aliases.end_label", { ...item })}
                        question={t("data.aliases.question", { ...item })}
                        action={t("data.aliases.end")}
                        onConfirm={() => confirm(item)}
                      />
                    ),
                  },
                ]
              : []),
          ]}
        />
      </Card>
    </div>
  );
}
