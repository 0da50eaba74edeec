import { Popover } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconChevronDown, IconDatabase } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useDatasets } from "@/api/hooks";
import { useText } from "@/messages";
import { fieldLabel } from "@/shared/fields";
import { parseTerm } from "@/shared/filters/terms";
import { useNotify } from "@/shared/notify";
import { useScope } from "@/shared/scope";
import { DatasetSwitcherPanel } from "./DatasetSwitcherPanel";
import css from "./shell.module.css";

/** Chooses the dataset of the whole page; filters on fields it lacks are dropped, said, and can be undone. */
export function DatasetSwitcher() {
  const t = useText();
  const notify = useNotify();
  const navigate = useNavigate();
  const datasets = useDatasets();
  const { dataset, datasetId, filters, setScope } = useScope();
  const [isOpen, setOpen] = useState(false);
  const all = datasets.data ?? [];

  function choose(id: string) {
    setOpen(false);
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
    <Popover opened={isOpen} onChange={setOpen} position="bottom-start" trapFocus returnFocus>
      <Popover.Target>
        <button type="button" className={css.pick} onClick={() => setOpen(!isOpen)} aria-label={t("shell.dataset", { name: label })}>
          <IconDatabase size={16} stroke={1.7} />
          <span className={css.pickText}>{label}</span>
          <IconChevronDown size={16} stroke={1.7} />
        </button>
      </Popover.Target>
      <Popover.Dropdown p={8} aria-label={t("shell.datasets")}>
        <DatasetSwitcherPanel
          datasets={all}
          currentId={datasetId}
          onChoose={choose}
          onNew={() => {
            setOpen(false);
            void navigate({ to: "/data/datasets", search: { new: "1" } });
          }}
        />
      </Popover.Dropdown>
    </Popover>
  );
}
