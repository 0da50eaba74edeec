import { IconDownload, IconTool } from "@tabler/icons-react";
import { Button } from "@mantine/core";
import { useId, type ReactNode } from "react";
import type { Finding, Import } from "@/api/types";
import { T, useText, type Translate } from "@/messages";
import { fieldLabel } from "@/shared/fields";
import { useFormat } from "@/shared/format";
import { noteExport } from "@/shared/noteExport";
import { Card } from "@/shared/ui";
import css from "./data.module.css";

interface Props {
  item: Import;
  /** What can be decided about a finding, and will then be done; without it the page shows what was done. */
  choice?: (finding: Finding, headId: string) => ReactNode;
  /** The rejected rows are not for this reader. */
  isLocked?: boolean;
}

/** Faulty rows by cause, with examples, what was done about them, and the download of those left out. */
export function Findings({ item, choice, isLocked = false }: Props) {
  const t = useText();
  // Whoever decides must be able to take back also what changed no row, and nothing may move under the keyboard.
  const findings = choice ? byColumn(item) : (item.findings ?? []).filter(({ count }) => count > 0);
  if (findings.length === 0) return null;
  return (
    <Card
      title={item.rows_rejected > 0 ? t(choice ? "wizard.findings" : "data.findings", { count: item.rows_rejected }) : t(choice ? "wizard.findings_repaired" : "data.findings_repaired")}
      actions={
        item.errors_url &&
        !isLocked &&
        item.rows_rejected > 0 && (
          <Button variant="default" component="a" href={`${item.errors_url}.csv`} download onClick={() => noteRejectedRows(item)} leftSection={<IconDownload size={16} stroke={1.7} />}>
            {t("data.download_rejected")}
          </Button>
        )
      }
    >
      {findings.map((finding) => (
        <FindingPart key={faultKey(finding)} finding={finding} choice={choice} />
      ))}
    </Card>
  );
}

/** Tells the journal that the rejected rows were saved. */
export function noteRejectedRows({ id, dataset_id, file_name }: Import): void {
  noteExport(dataset_id, { object: "rejected_rows", format: "csv", name: file_name, object_id: id, address: `/data/imports/${id}` });
}

/** Findings in the order of the columns, which other counts leave as it is. */
function byColumn({ findings = [], mapping }: Import): Finding[] {
  const place = ({ field }: Finding): number => mapping.columns.findIndex((column) => column.field === field);
  return findings.toSorted((one, other) => place(one) - place(other) || (one.reason < other.reason ? -1 : 1));
}

function FindingPart({ finding, choice }: { finding: Finding } & Pick<Props, "choice">) {
  const t = useText();
  const format = useFormat();
  const headId = useId();
  return (
    <div className={css.finding}>
      <div className={css.findingHead} id={headId}>
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
      {choice?.(finding, headId)}
      {finding.repair && (
        <span className={css.repaired}>
          <IconTool size={16} stroke={1.7} />
          {repairText(t, finding)}
        </span>
      )}
    </div>
  );
}

/** Which fault in which field: what decisions are kept by. */
export const faultKey = ({ reason, field }: Pick<Finding, "reason" | "field">): string => `${reason} ${field}`;

/** What is done about a finding, before and after. */
export function repairText(t: Translate, { reason, repair }: Pick<Finding, "reason" | "repair">): string {
  return repair ? t(`data.repaired.${repair.action === "clean" && reason === "nul_byte" ? "clean_nul" : repair.action}`, { text: repair.text }) : "";
}

const REASONS = new Set([
  "field_missing", "not_a_date", "year_ambiguous", "date_out_of_range", "not_a_whole_number", "not_a_number", "text_too_long", "field_too_large",
  "invalid_utf8", "not_in_encoding", "nul_byte", "too_few_columns", "too_many_columns", "quote_not_closed",
]);
