import { fireEvent, render, screen, within } from "@testing-library/react";
import { expect, it } from "vitest";
import { Messages } from "@/messages";
import { DataTable, type Column } from "./DataTable";

interface Row {
  name: string;
  count: number;
}

const columns: Column<Row>[] = [
  { key: "name", label: "Name", render: (row) => row.name, sortBy: (row) => row.name },
  { key: "count", label: "Count", align: "right", render: (row) => row.count, sortBy: (row) => row.count },
];

function show(rows: Row[]) {
  render(
    <Messages>
      <DataTable caption="Steps" columns={columns} rows={rows} rowKey={(row) => row.name} />
    </Messages>,
  );
  return screen.getByRole("table", { name: "Steps" });
}

const firstCells = (table: HTMLElement): (string | null)[] =>
  within(table)
    .getAllByRole("row")
    .slice(1)
    .map((row) => row.firstElementChild?.textContent ?? null);

it("sorts numbers from the largest first, words by the reader's alphabet, and says so", () => {
  const table = show([
    { name: "đặt hàng", count: 9 },
    { name: "cart", count: 10 },
    { name: "eins", count: 2 },
  ]);
  fireEvent.click(screen.getByRole("button", { name: "Count" }));
  expect(firstCells(table)).toEqual(["cart", "đặt hàng", "eins"]);
  expect(screen.getByRole("columnheader", { name: "Count" }).getAttribute("aria-sort")).toBe("descending");
  fireEvent.click(screen.getByRole("button", { name: "Name" }));
  expect(firstCells(table)).toEqual(["cart", "đặt hàng", "eins"]);
});

it("draws only the rows in sight of a long table, and says how many there are", () => {
  const table = show(Array.from({ length: 5000 }, (_, index) => ({ name: `row ${index}`, count: index })));
  expect(table.getAttribute("aria-rowcount")).toBe("5001");
  expect(firstCells(table).length).toBeLessThan(60);
  const scroller = screen.getByRole("region", { name: "Steps" });
  scroller.scrollTop = 4000 * 40;
  fireEvent.scroll(scroller);
  expect(screen.getByText("row 4000")).toBeTruthy();
  expect(screen.queryByText("row 0")).toBeNull();
});
