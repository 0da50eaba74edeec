import { notifications } from "@mantine/notifications";
import { act, fireEvent, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeAll, beforeEach, expect, it, vi } from "vitest";
import { api, ApiError } from "@/api/client";
import { meQuery } from "@/api/hooks";
import type { Dataset, Me } from "@/api/types";
import { loadMessages } from "@/messages";
import { usePathParam } from "@/shared/scope";
import { quietClient, showAt } from "@/test-page";
import DatasetPage from "./DatasetPage";
import DatasetsPage from "./DatasetsPage";

beforeAll(async () => {
  vi.stubGlobal("matchMedia", () => ({ matches: false, addEventListener: vi.fn(), removeEventListener: vi.fn() }));
  vi.stubGlobal("ResizeObserver", class { observe() {} unobserve() {} disconnect() {} });
  await loadMessages("data", "home");
});
let datasets: Dataset[];
beforeEach(() => {
  datasets = [
    { id: "d1", name: "Shop", owner: "Linh", owner_id: "u1", events: 0, fields: [], time_zone: "UTC", case: "customer", access: { can_see: true, can_analyse: true, can_write: true, can_manage: true } } as unknown as Dataset,
  ];
  vi.spyOn(api, "get").mockImplementation((path) => Promise.resolve((path === "/datasets/d1" ? datasets[0] : { items: path === "/datasets" ? datasets : [], next_cursor: null }) as never));
});
afterEach(() => {
  act(() => notifications.clean());
  vi.restoreAllMocks();
});

const Pages = () => (usePathParam("datasetId") ? <DatasetPage /> : <DatasetsPage />);

function show(address: string) {
  const client = quietClient();
  client.setQueryData(meQuery.queryKey, { user: { id: "u1", role: "admin" } } as Me);
  return showAt(address, <Pages />, client);
}

const filled = () => [...document.querySelectorAll(".mantine-Button-root:is([data-variant=filled], :not([data-variant]))")].map((button) => button.textContent);

it.each([
  ["overview", ["Add events"]],
  ["junk", ["Add events"]],
  ["imports", ["Add events"]],
  ["access", ["Give access"]],
  ["settings", ["Save settings"]],
])("fills one button on the tab %s of an empty dataset", async (tab, expected) => {
  show(`/data/datasets/d1?dataset=d1&tab=${tab}`);
  await waitFor(() => expect(document.querySelector("[role=tabpanel]:not(:empty)")).not.toBeNull());
  await waitFor(() => expect(filled()).toEqual(expected));
});

it("scrolls the bar to the tab that the address opens", async () => {
  vi.spyOn(HTMLElement.prototype, "getBoundingClientRect").mockImplementation(function (this: HTMLElement) {
    return { left: 0, right: this.textContent === "Settings" ? 500 : 300 } as DOMRect;
  });
  show("/data/datasets/d1?dataset=d1&tab=settings");
  const tab = await screen.findByRole("tab", { name: "Settings" });
  expect(tab.parentElement?.scrollLeft).toBeGreaterThanOrEqual(200);
});

it("fills one button where there is no dataset, and in the form for one", async () => {
  datasets = [];
  const { unmount } = show("/data/datasets");
  await waitFor(() => expect(filled()).toEqual(["Import your data"]));
  unmount();
  show("/data/datasets?new=1");
  await waitFor(() => expect(filled()).toEqual(["Create dataset"]));
});

it("gives the focus to the form of a new dataset, and back when none is made", async () => {
  show("/data/datasets");
  const opener = await screen.findByRole("button", { name: "New dataset" });
  opener.focus();
  await userEvent.keyboard("{Enter}");
  await waitFor(() => expect(document.activeElement).toBe(screen.getByRole("textbox", { name: "Name" })));
  screen.getByRole("button", { name: "Cancel" }).focus();
  await userEvent.keyboard("{Enter}");
  await waitFor(() => expect(screen.queryByRole("button", { name: "Cancel" })).toBeNull());
  expect(document.activeElement).toBe(opener);
});

it("deletes a dataset at once, and takes that back", async () => {
  const remove = vi.spyOn(api, "delete").mockImplementation(() => {
    datasets = [];
    return Promise.resolve(undefined);
  });
  const restore = vi.spyOn(api, "post").mockImplementation(() => {
    datasets = [shop];
    return Promise.resolve(shop as never);
  });
  const shop = datasets[0]!;
  const { where } = show("/data/datasets/d1?dataset=d1&tab=settings");
  await screen.findByText("The dataset goes at once for everybody, with all its events, imports and analyses. For 30 days Linh and administrators can restore it in History.");
  fireEvent.click(screen.getByRole("button", { name: "Delete dataset" }));
  await screen.findByText("Dataset “Shop” deleted.");
  expect(remove).toHaveBeenCalledExactlyOnceWith("/datasets/d1");
  expect(where()).toBe("/data/datasets");
  await waitFor(() => expect(screen.queryByRole("link", { name: "Shop" })).toBeNull());
  fireEvent.click(screen.getByRole("button", { name: "Undo" }));
  await screen.findByRole("link", { name: "Shop" });
  expect(restore).toHaveBeenCalledExactlyOnceWith("/datasets/d1/restore");
});

it("says why a dataset could not be deleted, and why not brought back", async () => {
  const refusal = (reason: string, detail: string) => new ApiError({ type: "about:blank", title: "", status: 409, reason, detail });
  const remove = vi.spyOn(api, "delete").mockRejectedValueOnce(refusal("import_running", "An import is running."));
  const { unmount } = show("/data/datasets/d1?dataset=d1&tab=settings");
  fireEvent.click(await screen.findByRole("button", { name: "Delete dataset" }));
  await screen.findByText("An import is running.");
  screen.getByRole("heading", { name: "Shop" });
  expect(screen.queryByRole("button", { name: "Undo" })).toBeNull();
  unmount();
  remove.mockResolvedValue(undefined);
  vi.spyOn(api, "post").mockRejectedValue(refusal("dataset_name_taken", "Another dataset is named Shop."));
  show("/data/datasets/d1?dataset=d1&tab=settings");
  fireEvent.click(await screen.findByRole("button", { name: "Delete dataset" }));
  fireEvent.click(await screen.findByRole("button", { name: "Undo" }));
  await screen.findByText("Another dataset is named Shop.");
});

it.each([
  [0, 0, "–"],
  [9, 0, "Files"],
  [9, 9, "API"],
  [9, 2, "Files and API"],
])("says where %i events come from of which %i were sent", async (events, sent_events, said) => {
  datasets = [{ ...datasets[0], events, sent_events } as Dataset];
  show("/data/datasets");
  expect((await screen.findByRole("row", { name: /^Shop/ })).textContent).toContain(`${said}Private`);
});
