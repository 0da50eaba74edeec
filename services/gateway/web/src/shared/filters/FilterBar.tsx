import { Popover } from "@mantine/core";
import { IconFilter, IconPlus, IconX } from "@tabler/icons-react";
import { lazy, Suspense, useRef, useState, type ReactNode } from "react";
import { useDatasets, useDirectlyFollows } from "@/api/hooks";
import type { DirectlyFollows } from "@/api/types";
import { T, useText } from "@/messages";
import { useFormat } from "@/shared/format";
import { useScope } from "@/shared/scope";
import { LoadingBlock } from "@/shared/ui";
import { BarShape } from "./BarShape";
import css from "./filters.module.css";
import { useTermText } from "./useTermText";

const loadEditor = () => import("./FilterEditor");
const FilterEditor = lazy(loadEditor);

export interface FilterBarProps {
  /** The view below is about the journeys of the dataset in the scope, so that they can be counted. */
  hasMeter?: boolean;
}

/** The conditions in use as chips, Add filter, and how many journeys they keep. */
export function FilterBar({ hasMeter = true }: FilterBarProps) {
  const t = useText();
  const termText = useTermText();
  const { datasetId, dataset, filters, unit, question, setScope } = useScope();
  const datasets = useDatasets();
  const counts = hasMeter && dataset?.access.can_analyse !== false;
  const graph = useDirectlyFollows(datasetId, question, counts);
  const add = useRef<HTMLButtonElement>(null);
  if (!dataset) return datasets.isPending ? <BarShape /> : null;

  const replace = (index: number, term: string): void => setScope({ filters: filters.with(index, term) });
  const remove = (index: number): void => {
    // The next chip takes the place and with it the focus; after the last one comes Add filter.
    if (index === filters.length - 1) add.current?.focus();
    setScope({ filters: filters.toSpliced(index, 1) });
  };

  return (
    <div className={css.host}>
      <div className={`sideways ${css.bar}`} role="group" aria-label={t("filters.label")} onPointerEnter={() => void loadEditor()} onFocus={() => void loadEditor()}>
        <IconFilter size={16} stroke={1.7} className={css.icon} aria-hidden />
        {filters.length === 0 && <span className={css.none}>{t("filters.none")}</span>}
        {filters.map((term, index) => {
          const { what, value, whole } = termText(term);
          return (
            // By place, not by term: an edited chip stays the same element, so that its popover can return the focus.
            <span key={index} className={css.chip}>
              <EditorPopover term={term} onApply={(next) => replace(index, next)}>
                {(open) => (
                  <button type="button" className={css.chipText} onClick={open} aria-label={t("filters.edit", { filter: whole })}>
                    {what} <b>{value}</b>
                  </button>
                )}
              </EditorPopover>
              <button type="button" className={css.chipRemove} onClick={() => remove(index)} aria-label={t("filters.remove", { filter: whole })}>
                <IconX size={14} stroke={2} />
              </button>
            </span>
          );
        })}
        <EditorPopover term={null} onApply={(next) => setScope({ filters: filters.includes(next) ? filters : [...filters, next] })}>
          {(open) => (
            <button ref={add} type="button" className={css.add} onClick={open}>
              <IconPlus size={16} stroke={1.7} /> {t("filters.add")}
            </button>
          )}
        </EditorPopover>
        <span className={css.spacer} />
        {counts && graph.data && <ScopeMeter graph={graph.data} unit={unit} isStale={graph.isPlaceholderData} />}
      </div>
    </div>
  );
}

function EditorPopover({ term, onApply, children }: { term: string | null; onApply: (term: string) => void; children: (open: () => void) => ReactNode }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <Popover opened={isOpen} onChange={setOpen} position="bottom-start" trapFocus returnFocus>
      <Popover.Target>{children(() => setOpen(!isOpen))}</Popover.Target>
      <Popover.Dropdown>
        {isOpen && (
          <Suspense fallback={<LoadingBlock height={240} />}>
            <FilterEditor
              term={term}
              onApply={(next) => {
                setOpen(false);
                onApply(next);
              }}
            />
          </Suspense>
        )}
      </Popover.Dropdown>
    </Popover>
  );
}

function ScopeMeter({ graph, unit, isStale }: { graph: DirectlyFollows; unit: string; isStale: boolean }) {
  const format = useFormat();
  const ratio = graph.cases_unfiltered > 0 ? graph.cases / graph.cases_unfiltered : 0;
  const isAll = graph.cases === graph.cases_unfiltered;
  return (
    <span className={css.meter} data-stale={isStale} role="status">
      <svg className={css.meterBar} viewBox="0 0 80 5" preserveAspectRatio="none" aria-hidden="true">
        <rect width="80" height="5" rx="2.5" fill="var(--line)" />
        <rect width={80 * ratio} height="5" rx="2.5" fill="var(--accent)" />
      </svg>
      <span className="num">
        <T id={`filters.meter.${unit}${isAll ? "_all" : ""}`} values={{ kept: format.number(graph.cases), total: format.number(graph.cases_unfiltered), count: graph.cases_unfiltered }} />
      </span>
    </span>
  );
}
