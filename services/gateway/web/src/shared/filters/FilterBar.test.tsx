import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeAll, expect, it, vi } from "vitest";
import { api } from "@/api/client";
import { datasetsQuery } from "@/api/hooks";
import { loadMessages } from "@/messages";
import { quietClient, showAt } from "@/test-page";
import { FilterBar } from "./FilterBar";

vi.mock("./FilterEditor", () => ({
  default: ({ onApply }: { onApply: (term: string) => void }) => (
    <button type="button" onClick={() => onApply("step:checkout")}>
      Apply
    </button>
  ),
}));

beforeAll(async () => {
  vi.stubGlobal("matchMedia", () => ({ matches: false, addEventListener: vi.fn(), removeEventListener: vi.fn() }));
  vi.stubGlobal("ResizeObserver", class { observe() {} unobserve() {} disconnect() {} });
  await loadMessages("filters");
});

it("returns the focus to the chip that was edited", async () => {
  vi.spyOn(api, "get").mockRejectedValue(new Error("not asked"));
  const client = quietClient();
  client.setQueryData(datasetsQuery.queryKey, [{ id: "d1", name: "Web shop", case: "customer", fields: [] as string[], access: { can_analyse: true } }] as never);
  const { where } = showAt("/explore/map?dataset=d1&f=step:cart", <FilterBar />, client);
  await userEvent.click(await screen.findByRole("button", { name: "Change filter: Goes through cart" }));
  await userEvent.click(await screen.findByRole("button", { name: "Apply" }));
  await waitFor(() => expect(where()).toBe("/explore/map?dataset=d1&f=step:checkout"));
  await waitFor(() => expect(document.activeElement?.getAttribute("aria-label")).toBe("Change filter: Goes through checkout"));
});

it("counts journeys only for who may analyse, and only where the view is about them", async () => {
  const get = vi.spyOn(api, "get").mockResolvedValue({ cases: 3, cases_unfiltered: 4 });
  const show = (mayAnalyse: boolean, bar = <FilterBar />) => {
    const client = quietClient();
    client.setQueryData(datasetsQuery.queryKey, [{ id: "d1", name: "Web shop", case: "customer", fields: [] as string[], access: { can_analyse: mayAnalyse } }] as never);
    return showAt("/?dataset=d1", bar, client);
  };
  show(false);
  show(true, <FilterBar hasMeter={false} />);
  await waitFor(() => expect(screen.getAllByText("No filters")).toHaveLength(2));
  expect(get).not.toHaveBeenCalled();
  show(true);
  expect((await screen.findByRole("status")).textContent).toBe("3 of 4 customers");
});

it.each([
  ["duration:88200..", "Took at least 1 d 30 m"],
  ["duration:..0", "Took at most 0 s"],
  ["duration:0..1800", "Took between 0 s and 30 m"],
  ["!duration:60..60", "Did not take exactly 1 m"],
  ["length:1..1", "Steps exactly 1"],
  ["!length:2..1200", "Steps not between 2 and 1,200"],
])("says %s in words", async (term, words) => {
  vi.spyOn(api, "get").mockRejectedValue(new Error("not asked"));
  const client = quietClient();
  client.setQueryData(datasetsQuery.queryKey, [{ id: "d1", name: "Web shop", case: "customer", fields: [] as string[], access: { can_analyse: true } }] as never);
  showAt(`/?dataset=d1&f=${term}`, <FilterBar />, client);
  await screen.findByRole("button", { name: `Change filter: ${words}` });
});

it("hands the focus on when a filter is removed", async () => {
  vi.spyOn(api, "get").mockRejectedValue(new Error("not asked"));
  const client = quietClient();
  client.setQueryData(datasetsQuery.queryKey, [{ id: "d1", name: "Web shop", case: "customer", fields: [] as string[], access: { can_analyse: true } }] as never);
  const { where } = showAt("/?dataset=d1&f=step:cart&f=step:home", <FilterBar />, client);
  await userEvent.click(await screen.findByRole("button", { name: "Remove filter: Goes through cart" }));
  await waitFor(() => expect(where()).toBe("/?dataset=d1&f=step:home"));
  expect(document.activeElement?.getAttribute("aria-label")).toBe("Remove filter: Goes through home");
  await userEvent.keyboard("{Enter}");
  await waitFor(() => expect(where()).toBe("/?dataset=d1"));
  expect(document.activeElement?.textContent).toContain("Add filter");
});
