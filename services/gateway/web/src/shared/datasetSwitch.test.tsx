import { notifications } from "@mantine/notifications";
import { act, fireEvent, screen, waitFor } from "@testing-library/react";
import { afterEach, expect, it, vi } from "vitest";
import { datasetsQuery } from "@/api/hooks";
import type { Dataset } from "@/api/types";
import { quietClient, showAt } from "@/test-page";
import { useDatasetSwitch } from "./datasetSwitch";

vi.stubGlobal("matchMedia", () => ({ matches: false, addEventListener: vi.fn(), removeEventListener: vi.fn() }));
afterEach(() => act(() => notifications.clean()));

const datasets = [
  { id: "shop", name: "Web shop", fields: ["device_category"] },
  { id: "loans", name: "Loans", fields: [] as string[] },
] as Dataset[];

function Switch() {
  const switchTo = useDatasetSwitch();
  return (
    <button type="button" onClick={() => switchTo("loans")}>
      Loans
    </button>
  );
}

const show = (address: string) => {
  const client = quietClient();
  client.setQueryData(datasetsQuery.queryKey, datasets);
  return showAt(address, <Switch />, client);
};

it("leaves the former map behind, says which filter the dataset lacks, and goes back as a whole", async () => {
  const former = "/explore/map?dataset=shop&from=2024-01-06&to=2024-06-29&f=device_category:mobile&f=step:cart&case=session&sel=cart&z=1,2,3&steps=9&analysis=a1";
  const { where } = show(former);
  fireEvent.click(await screen.findByRole("button", { name: "Loans" }));
  await waitFor(() => expect(where()).toBe("/explore/map?dataset=loans&from=2024-01-06&to=2024-06-29&f=step:cart"));
  expect(localStorage.getItem("cjm-last-dataset")).toBe("loans");
  await screen.findByText(/Filter Device was removed: Loans has no such field/);
  fireEvent.click(screen.getByRole("button", { name: "Undo" }));
  await waitFor(() => expect(where()).toBe(former));
  expect(localStorage.getItem("cjm-last-dataset")).toBe("shop");
});

it("says nothing when every filter fits", async () => {
  const { where } = show("/explore/map?dataset=shop&f=step:cart&z=1,2,3");
  fireEvent.click(await screen.findByRole("button", { name: "Loans" }));
  await waitFor(() => expect(where()).toBe("/explore/map?dataset=loans&f=step:cart"));
  expect(screen.queryByText(/removed/)).toBeNull();
});
