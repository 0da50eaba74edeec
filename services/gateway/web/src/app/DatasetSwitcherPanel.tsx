import { ActionIcon, TextInput } from "@mantine/core";
import { IconPin, IconPinFilled, IconPlus, IconSearch } from "@tabler/icons-react";
import { useState } from "react";
import { useMe } from "@/api/hooks";
import type { Dataset } from "@/api/types";
import { QualityMark } from "@/features/data/QualityMark";
import { useText } from "@/messages";
import { useFormat } from "@/shared/format";
import { foldText } from "@/shared/text";
import { searchListKeys } from "@/shared/ui/searchList";
import { pinnedFirst, usePins } from "./DatasetSwitcherPins";
import css from "./DatasetSwitcher.module.css";

interface PanelProps {
  datasets: Dataset[];
  currentId: string | null;
  onChoose: (id: string) => void;
  onNew: () => void;
}

/** The datasets to choose from, pinned ones first, each with its size, last import and quality. */
export function DatasetSwitcherPanel({ datasets, currentId, onChoose, onNew }: PanelProps) {
  const t = useText();
  const format = useFormat();
  const { pins, toggle } = usePins(useMe().data?.user.id ?? "");
  const [sought, setSought] = useState("");
  // A row that is pinned stays under the pointer; the order changes with the next opening.
  const [pinsAtOpening] = useState(pins);
  const shown = pinnedFirst(datasets, pinsAtOpening).filter((dataset) => foldText(dataset.name).includes(foldText(sought)));

  return (
    <div className={css.panel} onKeyDown={searchListKeys}>
      <TextInput
        value={sought}
        onChange={(event) => setSought(event.currentTarget.value)}
        placeholder={t("shell.find_dataset")}
        aria-label={t("shell.find_dataset")}
        leftSection={<IconSearch size={16} stroke={1.7} />}
        data-autofocus
        data-stop
      />
      {shown.length === 0 && <p className={css.none}>{t("shell.no_dataset_found")}</p>}
      <ul className={css.list} aria-label={t("shell.datasets")}>
        {shown.map((dataset) => {
          const isPinned = pins.includes(dataset.id);
          return (
            <li key={dataset.id} className={css.row} data-current={dataset.id === currentId}>
              <button type="button" className={css.choose} data-stop aria-current={dataset.id === currentId ? "true" : undefined} onClick={() => onChoose(dataset.id)}>
                <span className={css.line}>
                  <span className={css.name}>{dataset.name}</span>
                  <QualityMark dataset={dataset} />
                </span>
                <span className={`${css.line} ${css.note} num`}>
                  <span>{t("shell.dataset_events", { count: dataset.events })}</span>
                  <span>{dataset.last_import_at ? t("shell.last_import", { ago: format.ago(dataset.last_import_at) }) : t("shell.no_import")}</span>
                </span>
              </button>
              <ActionIcon variant="subtle" size={32} className={css.pin} aria-pressed={isPinned} aria-label={t("shell.pin", { name: dataset.name })} onClick={() => toggle(dataset.id)}>
                {isPinned ? <IconPinFilled size={16} /> : <IconPin size={16} stroke={1.7} />}
              </ActionIcon>
            </li>
          );
        })}
      </ul>
      <button type="button" className={`${css.choose} ${css.new}`} data-stop onClick={onNew}>
        <IconPlus size={16} stroke={1.7} /> {t("shell.new_dataset")}
      </button>
    </div>
  );
}
