import { Button } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import type { Ref } from "react";
import type { NewExport } from "@/api/types";
import { useText } from "@/messages";
import { useFormat } from "@/shared/format";
import { DataTable, Note, type Column } from "@/shared/ui";
import { csvFile, saveFile, toCsv } from "./csv";
import css from "./explore.module.css";
import { isRepeat, journeysOf, pathKey, stepsByName, type Graph, type Path, type Step } from "./model/graph";
import type { Selection } from "./state";

/** Is told what was saved, once it was. */
export type OnSaved = (object: NewExport["object"], format: NewExport["format"]) => void;

interface MapTablesProps {
  graph: Graph;
  /** The paths that the map shows. */
  paths: readonly Path[];
  /** How many of them only the selection brings in. */
  selected?: number;
  /** Name of the dataset, for file names. */
  name: string;
  onSelect: (selection: Selection) => void;
  onSaved: OnSaved;
  titleRef?: Ref<HTMLHeadingElement>;
  /** Draws the map again, when the tables stand in for it. */
  onRetry?: () => void;
}

/** The map as two tables with the same numbers. */
export function MapTables({ graph, paths, selected = 0, name, onSelect, onSaved, titleRef, onRetry }: MapTablesProps) {
  const t = useText();
  const f = useFormat();
  const journeys = Math.max(1, journeysOf(graph));
  const steps = stepsByName(graph);
  const exits = (path: Path): number => path.count / Math.max(1, steps.get(path.source)?.count ?? 0);
  const duration = (seconds: number | null): string => (seconds === null ? "–" : f.duration(seconds));

  const stepColumns: Column<Step>[] = [
    {
      ...{ key: "step", label: t("explore.column.step"), sortBy: (step) => step.activity },
      render: (step) => (
        <button
          type="button"
          className={css.cellLink}
          onClick={() => onSelect({ kind: "step", step: step.activity })}
        >
          {step.activity}
        </button>
      ),
    },
    numeric("events", t("explore.column.events"), (step) => step.count, f.number),
    numeric("journeys", t("explore.column.journeys"), (step) => step.cases, f.number),
    numeric("share", t("explore.column.share"), (step) => step.cases / journeys, f.share),
    numeric("starts", t("explore.column.starts"), (step) => step.starts, f.number),
    numeric("ends", t("explore.column.ends"), (step) => step.ends, f.number),
    numeric(
      "next",
      t("explore.column.to_next"),
      (step) => step.median_next_seconds ?? -1,
      (value) => duration(value < 0 ? null : value),
    ),
  ];
  const pathColumns: Column<Path>[] = [
    {
      ...{ key: "from", label: t("explore.column.from"), sortBy: (path) => path.source },
      render: (path) => (
        <button
          type="button"
          className={css.cellLink}
          onClick={() => onSelect({ kind: "path", source: path.source, target: path.target })}
        >
          {path.source}
        </button>
      ),
    },
    { key: "to", label: t("explore.column.to"), sortBy: (path) => path.target, render: (path) => path.target },
    numeric("moves", t("explore.column.moves"), (path) => path.count, f.number),
    numeric("exits", t("explore.column.exits"), exits, f.share),
    numeric("median", t("explore.column.median"), (path) => path.median_seconds, f.duration),
    numeric("slow", t("explore.column.slowest"), (path) => path.p90_seconds, f.duration),
  ];
  const stepsTitle = t("explore.table.steps", { count: graph.nodes.length });
  const repeats = paths.filter(isRepeat).length;
  const all = graph.edges.filter((path) => !isRepeat(path)).length;
  const pathsTitle = t("explore.table.paths", { shown: paths.length - repeats, all, repeats });
  const saveSteps = (): void => {
    const rows = graph.nodes.map((step) => [
      step.activity,
      step.count,
      step.cases,
      step.cases / journeys,
      step.starts,
      step.ends,
      step.median_next_seconds,
    ]);
    const header = ["step", "events", "journeys", "share_ratio", "starts", "ends", "median_next_seconds"];
    saveFile(`${name} steps.csv`, csvFile(toCsv(header, rows)));
    onSaved("steps", "csv");
  };

  return (
    <div className={css.tables}>
      {onRetry && (
        <Note tone="warn">
          {t("explore.map.failed")}{" "}
          <Button variant="default" size="sm" onClick={onRetry}>
            {t("common.try_again")}
          </Button>
        </Note>
      )}
      <section>
        <TableHead title={stepsTitle} titleRef={titleRef} onSave={saveSteps} />
        <DataTable
          cards
          caption={stepsTitle}
          columns={stepColumns}
          rows={graph.nodes}
          rowKey={(step) => step.activity}
        />
      </section>
      <section>
        <TableHead title={pathsTitle} onSave={() => savePaths(name, graph, paths, onSaved)} />
        {selected > 0 && <p className={css.tableNote}>{t("explore.table.selected", { count: selected, others: paths.length - repeats - selected })}</p>}
        <DataTable
          cards
          caption={pathsTitle}
          columns={pathColumns}
          rows={paths}
          rowKey={(path) => pathKey(path.source, path.target)}
        />
      </section>
    </div>
  );
}

function numeric<Row>(key: string, label: string, value: (row: Row) => number, say: (value: number) => string): Column<Row> {
  return { key, label, align: "right", sortBy: value, render: (row) => say(value(row)) };
}

function TableHead({ title, titleRef, onSave }: { title: string; titleRef?: Ref<HTMLHeadingElement> | undefined; onSave: () => void }) {
  const t = useText();
  return (
    <div className={css.tableHead}>
      <h2 ref={titleRef} tabIndex={-1}>
        {title}
      </h2>
      <Button variant="default" size="sm" leftSection={<IconDownload size={16} stroke={1.7} />} onClick={onSave}>
        {t("explore.table.csv")}
      </Button>
    </div>
  );
}

/** Saves paths as CSV; times in seconds, ratios 0-1. */
export function savePaths(name: string, graph: Graph, paths: readonly Path[], onSaved: OnSaved): void {
  const steps = stepsByName(graph);
  const header = ["from", "to", "moves", "journeys", "share_of_exits_ratio", "median_seconds", "p90_seconds", "hidden_ratio"];
  const rows = paths.map((path) => [
    ...[path.source, path.target, path.count, path.cases],
    path.count / Math.max(1, steps.get(path.source)?.count ?? 0),
    ...[path.median_seconds, path.p90_seconds, path.hidden_ratio],
  ]);
  saveFile(`${name} paths.csv`, csvFile(toCsv(header, rows)));
  onSaved("paths", "csv");
}
