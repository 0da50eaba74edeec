import { IconDownload } from "@tabler/icons-react";
import { Button } from "@mantine/core";
import type { Import } from "@/api/types";
import { T, useText } from "@/messages";
import { fieldLabel } from "@/shared/fields";
import { useFormat } from "@/shared/format";
import { Card } from "@/shared/ui";
import css from "./data.module.css";

/** Rejected rows by cause, with examples and the download. */
export function Findings({ item }: { item: Import }) {
  const t = useText();
  const format = useFormat();
  const findings = item.findings ?? [];
  if (findings.length === 0) return null;
  return (
    <Card
      title={t("data.findings", { count: item.rows_rejected })}
      actions={
        item.errors_url && (
          <Button variant="default" component="a" href={`${item.errors_url}.csv`} download leftSection={<IconDownload size={16} stroke={1.7} />}>
            {t("data.download_rejected")}
          </Button>
        )
      }
    >
      {findings.map((finding) => (
        <div key={`${finding.reason} ${finding.field}`} className={css.finding}>
          <div className={css.findingHead}>
            <b>{t("common.rows", { count: finding.count })}</b>
            <span>
              <T id={REASONS.has(finding.reason) ? `data.reason.${finding.reason}` : "data.reason.other"} values={{ reason: finding.reason }} />
            </span>
            {finding.field && (
              <span className="small muted">
                {finding.column ? t("data.finding_place", { field: fieldLabel(t, finding.field), column: finding.column }) : fieldLabel(t, finding.field)}
              </span>
            )}
          </div>
          <ul className={css.examples}>
            {finding.examples.map((example) => (
              <li key={example.row}>{example.detail || t("data.example", { row: format.number(example.row), value: example.value ?? "" })}</li>
            ))}
          </ul>
        </div>
      ))}
    </Card>
  );
}

const REASONS = new Set([
  "field_missing", "not_a_date", "date_out_of_range", "not_a_whole_number", "not_a_number", "text_too_long", "field_too_large",
  "invalid_utf8", "not_in_encoding", "nul_byte", "too_few_columns", "too_many_columns", "quote_not_closed",
]);
