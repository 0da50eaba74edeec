import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeAll, beforeEach, expect, it, vi } from "vitest";
import { api, type Query } from "@/api/client";
import { datasetsQuery } from "@/api/hooks";
import { loadMessages } from "@/messages";
import { quietClient, showAt } from "@/test-page";
import { FilterBar } from "./FilterBar";
import FilterEditor from "./FilterEditor";

const STEPS = [
  { activity: "product_view", count: 2554 },
  { activity: "cart", count: 300 },
];
let asked: [string, Query | undefined][] = [];

beforeAll(async () => {
  vi.stubGlobal("matchMedia", () => ({ matches: false, addEventListener: vi.fn(), removeEventListener: vi.fn() }));
  vi.stubGlobal("ResizeObserver", class { observe() {} unobserve() {} disconnect() {} });
  await loadMessages("filters");
});
beforeEach(() => {
  asked = [];
  vi.spyOn(api, "get").mockImplementation((path, query) => {
    asked.push([path, query]);
    const answer = path.endsWith("/values") ? { items: [{ value: "mobile", count: 11353 }, { value: "tablet", count: 3607 }] } : { cases: 1, cases_unfiltered: 1, all_activities: STEPS };
    return Promise.resolve(answer);
  });
});
afterEach(() => vi.restoreAllMocks());

function clientFor(mayAnalyse: boolean) {
  const client = quietClient();
  client.setQueryData(datasetsQuery.queryKey, [{ id: "d1", name: "Web shop", case: "customer", fields: ["device_os", "device_category"], access: { can_analyse: mayAnalyse } }] as never);
  return client;
}

it.each([true, false])("offers conditions on journeys to who may analyse (%s)", async (mayAnalyse) => {
  showAt("/?dataset=d1", <FilterEditor term={null} onApply={() => undefined} />, clientFor(mayAnalyse));
  await screen.findByRole("button", { name: "Operating system" });
  expect(screen.queryByText("Goes through a step") !== null).toBe(mayAnalyse);
});

it("is used from the keyboard alone, from the first opening on", async () => {
  const { where } = showAt("/?dataset=d1", <FilterBar />, clientFor(true));
  const keys = userEvent.setup();
  (await screen.findByRole("button", { name: "Add filter" })).focus();
  await keys.keyboard("{Enter}");
  await waitFor(() => expect(document.activeElement).toBe(screen.getByRole("textbox", { name: "Filter by" })));
  await keys.keyboard("dev{Enter}");
  await waitFor(() => expect(document.activeElement).toBe(screen.getByRole("textbox", { name: "Find a value" })));
  await screen.findByRole("checkbox", { name: /mobile/ });
  await keys.keyboard("{ArrowDown}{ArrowDown} ");
  expect(screen.getByRole<HTMLInputElement>("checkbox", { name: /tablet/ }).checked).toBe(true);
  await keys.keyboard("{Enter}");
  await waitFor(() => expect(where()).toBe("/?dataset=d1&f=device_category:tablet"));
  const add = screen.getByRole("button", { name: "Add filter" });
  await waitFor(() => expect(document.activeElement).toBe(add));
  await keys.keyboard("{Enter}");
  await waitFor(() => expect(document.activeElement).toBe(screen.getByRole("textbox", { name: "Filter by" })));
  await keys.keyboard("{Escape}");
  await waitFor(() => expect(document.activeElement).toBe(add));
});

it("closes by Escape after a kind was chosen", async () => {
  showAt("/?dataset=d1", <FilterBar />, clientFor(true));
  const keys = userEvent.setup();
  await keys.click(await screen.findByRole("button", { name: "Add filter" }));
  await keys.click(await screen.findByRole("button", { name: "One step directly then another" }));
  await waitFor(() => expect(document.activeElement?.closest("form")).toBeTruthy());
  await keys.keyboard("{Escape}");
  await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
});

it.each([
  ["length", "abc", "", "Write a whole number, 0 or more."],
  ["length", "-3", "", "Write a whole number, 0 or more."],
  ["length", "2.5", "", "Write a whole number, 0 or more."],
  ["length", "", "5 steps", "Write a whole number, 0 or more."],
  ["length", "9", "3", "The highest value is below the lowest."],
  ["duration", "1,5", "", "Write a number, 0 or more, such as 1.5."],
  ["duration", "-", "2", "Write a number, 0 or more, such as 1.5."],
])("says at the field of a %s from “%s” to “%s” what to write, and uses no such filter", async (kind, least, most, said) => {
  const apply = vi.fn();
  showAt("/?dataset=d1", <FilterEditor term={null} onApply={apply} />, clientFor(true));
  const keys = userEvent.setup();
  await keys.click(await screen.findByRole("button", { name: kind === "length" ? "Number of steps" : "Took longer or shorter than" }));
  if (least) await keys.type(screen.getByLabelText("At least"), least);
  if (most) await keys.type(screen.getByLabelText("At most"), most);
  const faulty = screen.getAllByRole("textbox").filter((field) => field.getAttribute("aria-invalid") === "true");
  expect(faulty.map((field) => document.getElementById(field.getAttribute("aria-describedby") ?? "")?.textContent)).toEqual([said]);
  await keys.keyboard("{Enter}");
  expect(apply).not.toHaveBeenCalled();
});

it("reads numbers in the unit chosen, and keeps what was written when the unit changes", async () => {
  const apply = vi.fn();
  showAt("/?dataset=d1", <FilterEditor term="duration:3600..7200" onApply={apply} />, clientFor(true));
  const keys = userEvent.setup();
  const least = await screen.findByLabelText<HTMLInputElement>("At least");
  expect(least.value).toBe("1");
  await keys.clear(least);
  await keys.type(least, " 1.5 ");
  await keys.click(screen.getByRole("radio", { name: "Days" }));
  await keys.type(least, "{Enter}");
  expect(apply).toHaveBeenCalledExactlyOnceWith("duration:129600..172800");
});

it.each([
  ["86400..360000", "Hours", ["24", "100"], "172800..360000", "48"],
  ["0..1800", "Minutes", ["0", "30"], "60..1800", "1"],
  ["100..172800", "Minutes", ["1.666667", "2880"], "100..172800", "1.666667"],
])("shows a span of %s seconds in %s, ready to be changed", async (span, unit, shown, changed, least) => {
  const apply = vi.fn();
  showAt("/?dataset=d1", <FilterEditor term={`duration:${span}`} onApply={apply} />, clientFor(true));
  const fields = [await screen.findByLabelText<HTMLInputElement>("At least"), screen.getByLabelText<HTMLInputElement>("At most")];
  expect(fields.map(({ value }) => value)).toEqual(shown);
  expect(screen.getByRole<HTMLInputElement>("radio", { name: unit }).checked).toBe(true);
  await userEvent.clear(fields[0] as HTMLInputElement);
  await userEvent.type(fields[0] as HTMLInputElement, `${least}{Enter}`);
  expect(apply).toHaveBeenCalledExactlyOnceWith(`duration:${changed}`);
});

it("counts touchpoints of what the period and the other filters keep", async () => {
  showAt("/?dataset=d1&from=2024-05-01&to=2024-05-31&f=device_os:iOS&f=step:cart", <FilterEditor term="step:cart" onApply={() => undefined} />, clientFor(true));
  await screen.findByRole("checkbox", { name: /product_view 2,554/ });
  screen.getByText("Touchpoints");
  const others = { from: "2024-05-01", to: "2024-05-31", f: ["device_os:iOS"] };
  expect(asked).toEqual([["/datasets/d1/directly-follows", others]]);
  await userEvent.click(screen.getByRole("button", { name: "Goes through a step" }));
  await userEvent.click(screen.getByRole("button", { name: "Device" }));
  await screen.findByRole("checkbox", { name: /mobile 11,353/ });
  expect(asked.at(-1)).toEqual(["/datasets/d1/fields/device_category/values", { ...others, contains: "", limit: 50 }]);
});
