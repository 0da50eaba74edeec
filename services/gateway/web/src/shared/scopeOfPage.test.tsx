import { fireEvent, screen, waitFor } from "@testing-library/react";
import { beforeEach, expect, it, vi } from "vitest";
import { datasetsQuery } from "@/api/hooks";
import type { Dataset } from "@/api/types";
import { quietClient, showAt } from "@/test-page";
import { useDatasetSwitch } from "./datasetSwitch";
import { useScope, useScopeOfPage } from "./scope";

vi.stubGlobal("matchMedia", () => ({ matches: false, addEventListener: vi.fn(), removeEventListener: vi.fn() }));
beforeEach(() => localStorage.clear());

const datasets = [
  { id: "shop", name: "Web shop", case: "session", fields: ["device_category"] },
  { id: "loans", name: "Loans", case: "customer", fields: [] as string[] },
] as Dataset[];

function LoansPage() {
  const switchTo = useDatasetSwitch();
  useScopeOfPage(datasets[1]);
  return (
    <button type="button" onClick={() => switchTo("shop")}>
      {useScope().dataset?.name}
    </button>
  );
}

function show(address: string) {
  const client = quietClient();
  client.setQueryData(datasetsQuery.queryKey, datasets);
  return showAt(address, <LoansPage />, client);
}

it.each([
  ["?dataset=shop&from=2024-05-01&f=device_category:mobile&f=step:cart&case=session&pause=5&tab=quality", "?dataset=loans&from=2024-05-01&f=step:cart&tab=quality"],
  ["?tab=quality", "?tab=quality&dataset=loans"],
  ["?dataset=loans&case=session&pause=5", "?dataset=loans&case=session&pause=5"],
])("shows the dataset of the page on top, whatever %s names", async (given, expected) => {
  const { where } = show(`/data/datasets/loans${given}`);
  await screen.findByRole("button", { name: "Loans" });
  await waitFor(() => expect(new URLSearchParams(where().split("?")[1])).toEqual(new URLSearchParams(expected)));
});

it.each([
  ["datasets/loans", "datasets/shop"],
  ["imports/i1", "imports"],
])("leaves %s for %s when another dataset is chosen", async (given, expected) => {
  const { where } = show(`/data/${given}?dataset=loans`);
  fireEvent.click(await screen.findByRole("button", { name: "Loans" }));
  await waitFor(() => expect(where().split("?")[0]).toBe(`/data/${expected}`));
});
