import { Combobox, useCombobox } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconChevronDown, IconDatabase, IconPlus } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useDatasets } from "@/api/hooks";
import { useText } from "@/messages";
import { fieldLabel } from "@/shared/fields";
import { parseTerm } from "@/shared/filters/terms";
import { useFormat } from "@/shared/format";
import { useNotify } from "@/shared/notify";
import { useScope } from "@/shared/scope";
import { foldText } from "@/shared/text";
import css from "./shell.module.css";

/** Chooses the dataset of the whole page; filters on fields it lacks are dropped, said, and can be undone. */
export function DatasetSwitcher() {
  const t = useText();
  const format = useFormat();
  const notify = useNotify();
  const navigate = useNavigate();
  const datasets = useDatasets();
  const { dataset, datasetId, filters, setScope } = useScope();
  const [sought, setSought] = useState("");
  const combobox = useCombobox({
    onDropdownClose: () => {
      combobox.resetSelectedOption();
      setSought("");
    },
    onDropdownOpen: () => combobox.focusSearchInput(),
  });
  const all = datasets.data ?? [];
  const shown = all
    .filter((candidate) => foldText(candidate.name).includes(foldText(sought)))
    .sort((a, b) => new Intl.Collator().compare(a.name, b.name));

  function choose(id: string) {
    combobox.closeDropdown();
    if (id === "new") {
      void navigate({ to: "/data/datasets", search: { new: "1" } });
      return;
    }
    const target = all.find((candidate) => candidate.id === id);
    if (!target || id === datasetId) return;
    const kept = filters.filter((term) => {
      const parsed = parseTerm(term);
      return parsed?.kind !== "attribute" || target.fields.includes(parsed.field);
    });
    const dropped = filters.filter((term) => !kept.includes(term));
    const former = { datasetId, filters };
    setScope({ datasetId: id, filters: kept });
    if (dropped.length === 0) return;
    const fields = dropped.map((term) => fieldLabel(t, parseTerm(term)?.field ?? term)).join(", ");
    const noteId = notify(
      <span>
        {t("shell.filters_dropped", { fields, dataset: target.name, count: dropped.length })}{" "}
        <button
          type="button"
          className={css.textButton}
          onClick={() => {
            setScope(former);
            notifications.hide(noteId);
          }}
        >
          {t("shell.undo")}
        </button>
      </span>,
      { autoClose: 10_000 },
    );
  }

  const label = dataset?.name ?? (datasets.isPending ? t("common.loading") : t("shell.no_dataset"));
  return (
    <Combobox store={combobox} onOptionSubmit={choose} width={320} position="bottom-start" withinPortal={false}>
      <Combobox.Target targetType="button">
        <button type="button" className={css.pick} onClick={() => combobox.toggleDropdown()} aria-label={t("shell.dataset", { name: label })}>
          <IconDatabase size={16} stroke={1.7} />
          <span className={css.pickText}>{label}</span>
          <IconChevronDown size={16} stroke={1.7} />
        </button>
      </Combobox.Target>
      <Combobox.Dropdown>
        <Combobox.Search value={sought} onChange={(event) => setSought(event.currentTarget.value)} placeholder={t("shell.find_dataset")} aria-label={t("shell.find_dataset")} />
        <Combobox.Options className={css.options} aria-label={t("shell.datasets")}>
          {shown.length === 0 && <Combobox.Empty>{t("shell.no_dataset_found")}</Combobox.Empty>}
          {shown.map((candidate) => (
            <Combobox.Option key={candidate.id} value={candidate.id} active={candidate.id === datasetId}>
              <div className={css.option}>
                <span className={css.optionName}>{candidate.name}</span>
                <span className={`${css.optionNote} num`}>{t("shell.dataset_events", { count: candidate.events })}</span>
              </div>
              <span className={css.optionNote}>
                {candidate.last_import_at ? t("shell.last_import", { ago: format.ago(candidate.last_import_at) }) : t("shell.no_import")}
              </span>
            </Combobox.Option>
          ))}
          <Combobox.Option value="new">
            <span className={css.option} style={{ justifyContent: "flex-start", alignItems: "center" }}>
              <IconPlus size={16} stroke={1.7} /> {t("shell.new_dataset")}
            </span>
          </Combobox.Option>
        </Combobox.Options>
      </Combobox.Dropdown>
    </Combobox>
  );
}
