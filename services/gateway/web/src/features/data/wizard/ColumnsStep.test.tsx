import { fireEvent, screen } from "@testing-library/react";
import { beforeAll, expect, it, vi } from "vitest";
import { loadMessages } from "@/messages";
import { quietClient, showAt } from "@/test-page";
import { ColumnsStep } from "./ColumnsStep";
import { emptyDraft, type StepProps } from "./draft";

beforeAll(async () => {
  vi.stubGlobal("matchMedia", () => ({ matches: false, addEventListener: vi.fn(), removeEventListener: vi.fn() }));
  vi.stubGlobal("ResizeObserver", class { observe() {} unobserve() {} disconnect() {} });
  Element.prototype.scrollIntoView = vi.fn();
  await loadMessages("data", "wizard");
});

function show(times: string[], customers = times.map((_, at) => `c${at}`)) {
  const change = vi.fn();
  const columns = [{ header: "who", values: customers }, { header: "what", values: times.map(() => "cart") }, { header: "when", values: times }];
  const draft = { ...emptyDraft(null), roles: { who: "customer_id", what: "action_type", when: "time" } };
  const client = quietClient();
  client.setQueryData(["mappings"], []);
  showAt("/", <ColumnsStep {...({ draft, change, sample: { columns, repeated: [] }, goTo: vi.fn() } as unknown as StepProps)} />, client);
  return change;
}
const card = (name: string) => screen.getByRole("heading", { name }).closest("section")!;

it("takes a few values that are not dates as it takes a few empty ones: those rows are rejected, the column is right", async () => {
  show(["2024-01-13 10:00", "2024-01-14 10:00", "soon"], ["c1", "c2", ""]);
  await screen.findByText("1 of 3 sample values is not a date. Such rows will be skipped.");
  expect(screen.getByText("1 of 3 sample values is empty. Such rows will be skipped.")).toBeTruthy();
  expect([card("Customer"), card("Time")].map((role) => role.dataset.wrong)).toEqual(["false", "false"]);
});

it("calls a column wrong that holds no dates, and says both when others are empty", async () => {
  show(["soon", "later", ""]);
  await screen.findByText("2 of 2 sample values are not dates.");
  expect(card("Time").dataset.wrong).toBe("true");
  expect(screen.getByText("1 of 3 sample values is empty. Such rows will be skipped.")).toBeTruthy();
});

it("keeps a column that is chosen once more", async () => {
  const change = show(["2024-01-13 10:00"]);
  fireEvent.click(await screen.findByRole("combobox", { name: "Column for Customer" }));
  fireEvent.click((await screen.findAllByRole("option", { name: "who", hidden: true }))[0]!);
  expect(change).not.toHaveBeenCalledWith(expect.objectContaining({ roles: expect.not.objectContaining({ who: "customer_id" }) as unknown }));
});
