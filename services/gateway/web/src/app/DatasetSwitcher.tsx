import { Popover } from "@mantine/core";
import { IconChevronDown, IconDatabase } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useDatasets } from "@/api/hooks";
import { useText } from "@/messages";
import { useDatasetSwitch } from "@/shared/datasetSwitch";
import { useScope } from "@/shared/scope";
import { scopeOf, type AppSearch } from "@/shared/search";
import { DatasetSwitcherPanel } from "./DatasetSwitcherPanel";
import css from "./shell.module.css";

/** Chooses the dataset of the whole page. */
export function DatasetSwitcher() {
  const t = useText();
  const navigate = useNavigate();
  const datasets = useDatasets();
  const { dataset, datasetId } = useScope();
  const switchTo = useDatasetSwitch();
  const [isOpen, setOpen] = useState(false);
  const all = datasets.data ?? [];

  function choose(id: string) {
    setOpen(false);
    switchTo(id);
  }

  const label = dataset?.name ?? (datasets.isPending ? t("common.loading") : t(all.length > 0 ? "shell.no_dataset_chosen" : "shell.no_dataset"));
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
            void navigate({ to: "/data/datasets", search: (former: AppSearch) => ({ ...scopeOf(former), new: "1" }) });
          }}
        />
      </Popover.Dropdown>
    </Popover>
  );
}
