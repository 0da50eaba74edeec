import { Button, Menu } from "@mantine/core";
import { IconChartBar, IconDownload, IconTable } from "@tabler/icons-react";
import { lazy, Suspense } from "react";
import type { NewExport } from "@/api/types";
import { useText } from "@/messages";
import { useNotify } from "@/shared/notify";
import { addressWith, noteExport } from "@/shared/noteExport";
import { useUrlState } from "@/shared/scope";
import { Card, DataTable, LoadingBlock, type Column } from "@/shared/ui";
import type { DayChart } from "./chart";
import { DIRECT_LABELS_AT_MOST } from "./labels";
import { csvOf } from "./report";
import css from "./reports.module.css";
import { Legend, type SeriesName } from "./SeriesName";

const Chart = lazy(() => import("./Chart"));
const CHART_HEIGHT_PX = 260;
const TABLE_HEIGHT_PX = 380;
const NO_NAMES: SeriesName[] = [];

interface TableRow {
  day: string;
  cells: (string | number)[];
}

interface ChartCardProps {
  /** Short name of the card in the address. */
  id: string;
  title: string;
  /** Null for all public datasets. */
  datasetId: string | null;
  /** The sentence that states what the chart shows. */
  caption: string;
  chart: DayChart;
  /** Of the series from bottom to top, then of the period before; none where the title says it all. */
  names: SeriesName[];
  /** Headers of the columns after the day; numbers as they are. */
  columns: string[];
  rows: TableRow[];
  formatDay: (date: string) => string;
  /** `column` counts from 0 after the day. */
  formatCell: (cell: string | number, column: number, cells: readonly (string | number)[]) => string;
  isWide?: boolean;
}

/** A chart with its sentence, its table and its exports; which of the two shows is in the address. */
export function ChartCard({ id, title, datasetId, caption, chart, names, columns, rows, formatDay, formatCell, isWide = false }: ChartCardProps) {
  const t = useText();
  const notify = useNotify();
  const [tables, setTables] = useUrlState("tables", "");
  const shown = tables.split(",").filter(Boolean);
  const isTable = shown.includes(id);
  const isDirect = names.length <= DIRECT_LABELS_AT_MOST;
  const fileName = title.toLowerCase().replace(/\W+/g, "-");

  function toggle() {
    setTables((isTable ? shown.filter((other) => other !== id) : [...shown, id]).join(","));
  }

  function saved(object: "chart" | "table", format: NewExport["format"]) {
    if (datasetId) noteExport(datasetId, { object, format, name: title, address: addressWith({ dataset: datasetId }) });
  }

  function saveNumbers() {
    const table = [[t("reports.column_day"), ...columns], ...rows.map(({ day, cells }) => [day, ...cells])];
    save(new Blob(["\ufeff", csvOf(table)], { type: "text/csv;charset=utf-8" }), `${fileName}.csv`);
    saved("table", "csv");
  }

  async function savePicture(format: "svg" | "png") {
    try {
      const { pngOf, svgOf } = await import("./chart");
      const heading = chart.before ? t("reports.picture_title", { title, range: chart.before.range }) : title;
      save(format === "svg" ? svgOf(chart, heading, names) : await pngOf(chart, heading, names), `${fileName}.${format}`);
      saved("chart", format);
    } catch {
      notify(t("reports.export_failed"), { color: "red" });
    }
  }

  const tableColumns: Column<TableRow>[] = [
    { key: "day", label: t("reports.column_day"), render: ({ day }) => formatDay(day), sortBy: ({ day }) => day },
    ...columns.map((label, index): Column<TableRow> => ({
      key: String(index),
      label,
      align: "right",
      render: ({ cells }) => formatCell(cells[index] ?? "", index, cells),
      sortBy: ({ cells }) => cells[index] ?? 0,
    })),
  ];
  const actions = (
    <div className={css.actions}>
      <Button
        variant="subtle"
        color="gray"
        size="compact-sm"
        onClick={toggle}
        aria-label={t(isTable ? "reports.view_chart_of" : "reports.view_table_of", { chart: title })}
        leftSection={isTable ? <IconChartBar size={16} stroke={1.7} /> : <IconTable size={16} stroke={1.7} />}
      >
        {t(isTable ? "reports.view_chart" : "reports.view_table")}
      </Button>
      <Menu position="bottom-end" width={190}>
        <Menu.Target>
          <Button variant="subtle" color="gray" size="compact-sm" leftSection={<IconDownload size={16} stroke={1.7} />} aria-label={t("reports.export_of", { chart: title })}>
            {t("reports.export")}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={saveNumbers}>{t("reports.export_csv")}</Menu.Item>
          <Menu.Item onClick={() => void savePicture("svg")}>{t("reports.export_svg")}</Menu.Item>
          <Menu.Item onClick={() => void savePicture("png")}>{t("reports.export_png")}</Menu.Item>
        </Menu.Dropdown>
      </Menu>
    </div>
  );

  return (
    <Card title={title} actions={actions} className={[css.chartCard, isWide && css.wide].filter(Boolean).join(" ")}>
      <p className={css.caption}>{caption}</p>
      <div className={css.body}>
        {isTable ? (
          <div className={css.table}>
            <DataTable
              caption={t("reports.per_day_table", { chart: title })}
              columns={tableColumns}
              rows={rows}
              rowKey={({ day }) => day}
              maxHeight={TABLE_HEIGHT_PX}
              initialSort={{ key: "day", descending: true }}
            />
          </div>
        ) : (
          <Suspense fallback={<LoadingBlock height={CHART_HEIGHT_PX} />}>
            <Chart chart={chart} label={`${title}. ${caption}`} names={isDirect ? names : NO_NAMES} />
          </Suspense>
        )}
      </div>
      {!isTable && !isDirect && <Legend names={names} />}
    </Card>
  );
}

/** Hands a file to the browser's downloads. */
function save(file: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}
