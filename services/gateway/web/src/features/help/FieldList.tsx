import { useText } from "@/messages";
import { EVENT_FIELDS, fieldLabel, REQUIRED_FIELDS } from "@/shared/fields";
import { DataTable } from "@/shared/ui";

/** Every field of an event: its name in the API and in this page. */
export function FieldList() {
  const t = useText();
  return (
    <DataTable
      caption={t("help.fields")}
      rows={[...EVENT_FIELDS, "properties"]}
      rowKey={(field) => field}
      columns={[
        { key: "name", label: t("help.field.name"), render: (field) => <code>{field}</code> },
        { key: "label", label: t("help.field.label"), render: (field) => (field === "properties" ? t("help.field.properties") : fieldLabel(t, field)) },
        { key: "needed", label: t("help.field.needed"), render: (field) => t((REQUIRED_FIELDS as readonly string[]).includes(field) ? "help.field.required" : "help.field.optional") },
      ]}
    />
  );
}
