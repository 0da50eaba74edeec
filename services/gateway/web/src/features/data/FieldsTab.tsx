import { Link } from "@tanstack/react-router";
import { useIntl } from "react-intl";
import type { Dataset } from "@/api/types";
import { useText } from "@/messages";
import { formatTerm, valueTerm } from "@/shared/filters/terms";
import { fieldLabel } from "@/shared/fields";
import { useFormat } from "@/shared/format";
import { DataTable, ErrorState, LoadingRows } from "@/shared/ui";
import { AsOfNote } from "./AsOfNote";
import css from "./data.module.css";
import { NoEvents } from "./NoEvents";
import { useFieldDescriptions, type FieldDescription } from "./quality";
import look from "./quality.module.css";

/** Which fields have values, how full and how varied they are; each value leads to the journeys with it. */
export function FieldsTab({ dataset }: { dataset: Dataset }) {
  const t = useText();
  const format = useFormat();
  const fields = useFieldDescriptions(dataset);
  if (fields.isError) return <ErrorState error={fields.error} onRetry={() => void fields.refetch()} />;
  if (fields.isPending) return <LoadingRows rows={8} />;
  const { events, items, properties } = fields.data;
  if (items.length === 0) return <NoEvents dataset={dataset} />;
  const shown = items.filter(({ field }) => field.startsWith("properties.")).length;
  const count = items.length - shown + properties;
  return (
    <div className={css.stack}>
      <p className={css.lead}>
        {t(dataset.access.can_analyse ? "data.fields_lead" : "data.fields_lead_plain", { count, events })}{" "}
        {shown < properties && t("data.fields_left_out", { shown, properties })}
      </p>
      <AsOfNote answer={fields.data} />
      <DataTable
        caption={t("data.tab.fields")}
        cards
        rows={items}
        rowKey={(item) => item.field}
        columns={[
          { key: "field", label: t("data.column.field"), sortBy: (item) => fieldLabel(t, item.field), render: (item) => <FieldName field={item.field} /> },
          { key: "filled", label: t("data.column.filled"), align: "right", sortBy: (item) => item.count, render: (item) => <Filled ratio={item.count / events} /> },
          { key: "distinct", label: t("data.column.distinct"), align: "right", sortBy: (item) => item.distinct, render: (item) => format.number(item.distinct) },
          { key: "values", label: t("data.column.values"), render: (item) => <Values item={item} dataset={dataset} /> },
        ]}
      />
    </div>
  );
}

function FieldName({ field }: { field: string }) {
  const t = useText();
  return (
    <span className={look.fieldName}>
      <b>{fieldLabel(t, field)}</b>
      <span className="small muted">{field}</span>
    </span>
  );
}

function Filled({ ratio }: { ratio: number }) {
  const format = useFormat();
  return (
    <span className={look.filled}>
      <span className={look.bar} aria-hidden>
        <span style={{ width: `${ratio * 100}%` }} />
      </span>
      {format.share(ratio)}
    </span>
  );
}

function Values({ item, dataset }: { item: FieldDescription; dataset: Dataset }) {
  const t = useText();
  const format = useFormat();
  const { formatNumber } = useIntl();
  if (item.min !== null && item.max !== null) {
    const precise = { maximumFractionDigits: 2 };
    return <span className="num">{t("data.fields_range", { min: formatNumber(item.min, precise), max: formatNumber(item.max, precise) })}</span>;
  }
  if (item.distinct === item.count && item.count > 1) return <span className="muted">{t("data.fields_all_different")}</span>;
  return (
    <span className={look.values}>
      {item.values.map(({ value, count }) => {
        const term = dataset.access.can_analyse ? valueTerm(item.field, [value]) : null;
        const content = (
          <>
            <span title={value}>{value}</span> <span className="num">{format.share(count / item.count)}</span>
          </>
        );
        return term === null ? (
          <span key={value} className={look.value}>
            {content}
          </span>
        ) : (
          <Link key={value} to="/explore/map" search={{ dataset: dataset.id, f: [formatTerm(term)] }} className={look.value}>
            {content}
          </Link>
        );
      })}
    </span>
  );
}
