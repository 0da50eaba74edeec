import { IconArrowDown, IconArrowUp } from "@tabler/icons-react";
import { useMemo, useState, type ReactNode } from "react";
import { useText } from "@/messages";
import css from "./ui.module.css";

const VIRTUAL_ABOVE_ROWS = 200;
const ROW_HEIGHT_PX = 40;
const SPARE_ROWS = 12;

export interface Column<Row> {
  key: string;
  label: string;
  render: (row: Row) => ReactNode;
  align?: "left" | "right";
  /** What the column sorts by; without it the column cannot be sorted. */
  sortBy?: (row: Row) => string | number;
}

interface DataTableProps<Row> {
  /** What the table lists, for screen readers. */
  caption: string;
  columns: Column<Row>[];
  rows: readonly Row[];
  rowKey: (row: Row) => string;
  /** Makes whole rows clickable; the first column should hold the real link for the keyboard. */
  onRowClick?: (row: Row) => void;
  /** Rows become cards below 760 px; the first column is the card's title. */
  cards?: boolean;
  /** Height limit; tables above 200 rows scroll inside it and draw only the rows in sight. */
  maxHeight?: number;
  initialSort?: { key: string; descending: boolean };
}

/** A sortable table; above 200 rows only those in sight are in the document. */
export function DataTable<Row>({ caption, columns, rows, rowKey, onRowClick, cards = false, maxHeight = 560, initialSort }: DataTableProps<Row>) {
  const t = useText();
  const [scrollTop, setScrollTop] = useState(0);
  const [sort, setSort] = useState<{ key: string; descending: boolean } | null>(initialSort ?? null);
  const sorted = useMemo(() => {
    const by = columns.find((column) => column.key === sort?.key)?.sortBy;
    if (!by || !sort) return rows;
    const collator = new Intl.Collator();
    const order = sort.descending ? -1 : 1;
    return [...rows].sort((a, b) => {
      const [x, y] = [by(a), by(b)];
      return order * (typeof x === "number" && typeof y === "number" ? x - y : collator.compare(String(x), String(y)));
    });
  }, [rows, columns, sort]);
  const isVirtual = rows.length > VIRTUAL_ABOVE_ROWS;
  const first = isVirtual ? Math.max(0, Math.floor(scrollTop / ROW_HEIGHT_PX) - SPARE_ROWS) : 0;
  const end = isVirtual ? Math.min(sorted.length, Math.ceil((scrollTop + maxHeight) / ROW_HEIGHT_PX) + SPARE_ROWS) : sorted.length;
  const shown = sorted.slice(first, end);

  return (
    <div
      className={css.tableWrap}
      data-virtual={isVirtual}
      onScroll={isVirtual ? (event) => setScrollTop(event.currentTarget.scrollTop) : undefined}
      data-cards={cards && !isVirtual}
      style={isVirtual ? { maxHeight } : undefined}
      tabIndex={isVirtual ? 0 : undefined}
      role={isVirtual ? "region" : undefined}
      aria-label={isVirtual ? caption : undefined}
    >
      <table className={css.table} aria-rowcount={isVirtual ? rows.length + 1 : undefined} aria-label={caption}>
        <thead>
          <tr>
            {columns.map((column) => {
              const isSorted = sort?.key === column.key;
              return (
                <th key={column.key} scope="col" data-align={column.align} aria-sort={isSorted ? (sort.descending ? "descending" : "ascending") : undefined}>
                  {column.sortBy ? (
                    <button
                      type="button"
                      className={css.sort}
                      title={t("common.sort_by", { column: column.label })}
                      onClick={() => setSort({ key: column.key, descending: isSorted ? !sort.descending : column.align === "right" })}
                    >
                      {column.label}
                      {isSorted && (sort.descending ? <IconArrowDown size={14} stroke={1.7} /> : <IconArrowUp size={14} stroke={1.7} />)}
                    </button>
                  ) : (
                    column.label
                  )}
                </th>
              );
            })}
          </tr>
        </thead>
        <tbody>
          {first > 0 && <tr aria-hidden style={{ height: first * ROW_HEIGHT_PX }} />}
          {shown.map((row, index) => (
            <tr key={rowKey(row)} aria-rowindex={isVirtual ? first + index + 2 : undefined} data-link={onRowClick ? true : undefined} onClick={onRowClick && (() => onRowClick(row))}>
              {columns.map((column, position) => (
                <td key={column.key} data-align={column.align} data-label={column.label} data-lead={position === 0}>
                  {column.render(row)}
                </td>
              ))}
            </tr>
          ))}
          {end < sorted.length && <tr aria-hidden style={{ height: (sorted.length - end) * ROW_HEIGHT_PX }} />}
        </tbody>
      </table>
    </div>
  );
}
