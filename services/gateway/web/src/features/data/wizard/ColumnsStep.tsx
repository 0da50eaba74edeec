import { Button, SegmentedControl, Select } from "@mantine/core";
import { IconAlertTriangle, IconCircleCheck } from "@tabler/icons-react";
import { useIntl } from "react-intl";
import { T, useText } from "@/messages";
import { EVENT_FIELDS, fieldLabel, REQUIRED_FIELDS } from "@/shared/fields";
import { Card, Note } from "@/shared/ui";
import { TIME_ZONES } from "../datasetOptions";
import { guessed } from "./lastImport";
import { propertyNames, type Roles, type SampleColumn } from "./roles";
import { SaveMapping } from "./SaveMapping";
import { StepActions } from "./StepActions";
import { readTime, readTimes } from "./times";
import type { StepProps } from "./draft";
import css from "./wizard.module.css";

const SKIP = "skip";
const OPTIONAL_FIELDS = EVENT_FIELDS.filter((field) => !(REQUIRED_FIELDS as readonly string[]).includes(field));

const columnOf = (roles: Roles, field: string): string | null => Object.keys(roles).find((header) => roles[header] === field) ?? null;
const samplesOf = (column: SampleColumn | undefined): string[] => [...new Set(column?.values.filter((value) => value.trim() !== ""))].slice(0, 3);

/** Which column means what: the three needed roles as cards, every other column as a row. */
export function ColumnsStep({ draft, change, sample, goTo }: StepProps) {
  const t = useText();
  const { roles } = draft;
  const byHeader = new Map(sample.columns.map((column) => [column.header, column]));
  const names = propertyNames(sample.columns.map(({ header }) => header));
  const timeHeader = columnOf(roles, "time");
  const times = readTimes(byHeader.get(timeHeader ?? "")?.values ?? []);
  const isOrderOpen = timeHeader !== null && times.order === "ambiguous";

  /** Gives a field to a column; whichever column had it keeps its values as a property. */
  function assign(field: string, header: string | null) {
    const next: Roles = { ...roles };
    const former = columnOf(roles, field);
    if (former !== null && former !== header) next[former] = `properties.${names.get(former)}`;
    if (header !== null) next[header] = field;
    const values = byHeader.get(header ?? "")?.values ?? [];
    change({ roles: next, columnsAs: null, ...(field === "time" && { order: readTimes(values).order }) });
  }

  const missing = REQUIRED_FIELDS.filter((field) => columnOf(roles, field) === null);
  const isTimeUnreadable = timeHeader !== null && times.readable === 0;
  const isStuck = missing.length > 0 || isTimeUnreadable || (isOrderOpen && draft.order === "ambiguous");
  const hint = missing.length > 0 ? t("wizard.roles_missing", { fields: missing.map((field) => fieldLabel(t, field)).join(", ") }) : isOrderOpen && draft.order === "ambiguous" ? t("wizard.order_missing") : null;
  const others = sample.columns.filter((column) => !(REQUIRED_FIELDS as readonly (string | null)[]).includes(roles[column.header] ?? null));

  return (
    <div className={css.stack}>
      {draft.columnsAs !== null && (
        <p className={css.aside}>
          {t("wizard.columns_as", { file: draft.columnsAs })}{" "}
          <Button
            variant="subtle"
            size="compact-sm"
            onClick={() => {
              change(guessed(draft, sample));
              // The button that had the focus is gone.
              goTo("columns");
            }}
          >
            {t("wizard.guess_columns")}
          </Button>
        </p>
      )}
      {sample.repeated.length > 0 && <Note tone="warn">{t("wizard.repeated", { columns: sample.repeated.join(", ") })}</Note>}
      <div className={css.roles}>
        {REQUIRED_FIELDS.map((field) => (
          <RoleCard key={field} field={field} header={columnOf(roles, field)} columns={sample.columns} confidence={draft.confidence[columnOf(roles, field) ?? ""]} onChange={(header) => assign(field, header)} />
        ))}
      </div>
      {timeHeader !== null && times.readable > 0 && (
        <Card title={t("wizard.time_title")}>
          <div className={css.stack}>
            {isOrderOpen && times.example !== null && <OrderChoice example={times.example} order={draft.order} onChange={(order) => change({ order })} />}
            {!isOrderOpen && times.example !== null && <ReadAs example={times.example} order={times.order} />}
            {times.hasZone ? (
              <p className="muted" style={{ margin: 0 }}>
                {t("wizard.has_zone")}
              </p>
            ) : (
              <Select
                label={t("wizard.zone")}
                description={t("wizard.zone_text")}
                data={TIME_ZONES}
                value={draft.timezone}
                searchable
                allowDeselect={false}
                maw={360}
                onChange={(value) => value && change({ timezone: value, isZoneChosen: true })}
              />
            )}
          </div>
        </Card>
      )}
      {others.length > 0 && (
        <Card title={t("wizard.other_columns")}>
          <p className="muted" style={{ marginTop: 0 }}>
            {t("wizard.other_columns_text")}
          </p>
          <ul className={css.columns}>
            {others.map((column) => (
              <li key={column.header} className={css.column}>
                <span className={css.columnName}>
                  <b>{column.header}</b>
                  <span className={css.samples}>{samplesOf(column).join(" · ") || t("wizard.all_empty")}</span>
                </span>
                <Select
                  aria-label={t("wizard.column_becomes", { column: column.header })}
                  searchable
                  allowDeselect={false}
                  value={roles[column.header] ?? SKIP}
                  onChange={(value) => {
                    if (value === null) return;
                    if (value === SKIP || value.startsWith("properties.")) change({ roles: { ...roles, [column.header]: value === SKIP ? null : value }, columnsAs: null });
                    else assign(value, column.header);
                  }}
                  data={[
                    { value: `properties.${names.get(column.header)}`, label: t("wizard.keep_property", { name: names.get(column.header) ?? "" }) },
                    { value: SKIP, label: t("wizard.skip") },
                    ...OPTIONAL_FIELDS.map((field) => ({ value: field, label: fieldLabel(t, field) })),
                    ...(roles[column.header]?.startsWith("properties.") && roles[column.header] !== `properties.${names.get(column.header)}`
                      ? [{ value: roles[column.header] ?? SKIP, label: t("wizard.keep_property", { name: fieldLabel(t, roles[column.header] ?? "") }) }]
                      : []),
                  ]}
                />
              </li>
            ))}
          </ul>
        </Card>
      )}
      {!isStuck && <SaveMapping draft={draft} sample={sample} />}
      <StepActions nextLabel={t("wizard.next.check")} onBack={() => goTo("file")} onNext={() => goTo("check")} isDisabled={isStuck} hint={hint} />
    </div>
  );
}

interface RoleCardProps {
  field: (typeof REQUIRED_FIELDS)[number];
  header: string | null;
  columns: SampleColumn[];
  confidence: string | undefined;
  onChange: (header: string | null) => void;
}

function RoleCard({ field, header, columns, confidence, onChange }: RoleCardProps) {
  const t = useText();
  const column = columns.find((candidate) => candidate.header === header);
  const values = column?.values ?? [];
  const empty = values.filter((value) => value.trim() === "").length;
  const times = field === "time" && column ? readTimes(values) : null;
  const unreadable = times ? times.filled - times.readable : 0;
  const isUnreadable = times !== null && times.readable === 0 && unreadable > 0;
  const isWrong = header === null || isUnreadable || empty === values.length;
  return (
    <section className={css.role} data-wrong={isWrong}>
      <h3 className={css.roleTitle}>
        {isWrong ? <IconAlertTriangle size={16} stroke={1.7} /> : <IconCircleCheck size={16} stroke={1.7} />}
        {fieldLabel(t, field)}
        {confidence && !isWrong && <span className={css.confidence}>{t(`wizard.confidence.${confidence}`)}</span>}
      </h3>
      <p className={css.roleText}>{t(`wizard.role.${field}`)}</p>
      <Select aria-label={t("wizard.column_for", { field: fieldLabel(t, field) })} placeholder={t("wizard.choose_column")} data={columns.map((candidate) => candidate.header)} value={header} searchable allowDeselect={false} onChange={onChange} />
      <p className={css.samples}>{samplesOf(column).join(" · ")}</p>
      {unreadable > 0 && (
        <p className={isUnreadable ? css.problem : css.warning} role={isUnreadable ? "alert" : undefined}>
          {t(isUnreadable ? "wizard.not_dates" : "wizard.few_not_dates", { count: unreadable, total: times?.filled ?? 0 })}
        </p>
      )}
      {empty > 0 && <p className={css.warning}>{t("wizard.empty_values", { count: empty, total: values.length })}</p>}
    </section>
  );
}

function useSpoken(): (example: string, order: "day_first" | "month_first" | "ambiguous") => string {
  const { locale } = useIntl();
  return (example, order) => {
    const read = readTime(example, order);
    return read ? new Intl.DateTimeFormat(locale, { dateStyle: "long", timeStyle: "medium", timeZone: "UTC" }).format(new Date(`${read.iso}Z`)) : example;
  };
}

function ReadAs({ example, order }: { example: string; order: "day_first" | "month_first" | "ambiguous" }) {
  const spoken = useSpoken();
  return (
    <p style={{ margin: 0 }}>
      <T id="wizard.read_as" values={{ example, spoken: spoken(example, order) }} />
    </p>
  );
}

function OrderChoice({ example, order, onChange }: { example: string; order: string; onChange: (order: "day_first" | "month_first") => void }) {
  const t = useText();
  const spoken = useSpoken();
  return (
    <div className={css.stack}>
      <Note tone={order === "ambiguous" ? "warn" : "good"}>{t("wizard.order_open", { example })}</Note>
      <SegmentedControl
        value={order}
        onChange={(value) => onChange(value as "day_first" | "month_first")}
        data={[
          { value: "day_first", label: spoken(example, "day_first") },
          { value: "month_first", label: spoken(example, "month_first") },
        ]}
        orientation={window.innerWidth < 760 ? "vertical" : "horizontal"}
        style={{ justifySelf: "start" }}
      />
    </div>
  );
}
