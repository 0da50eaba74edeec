import { File as NodeFile } from "node:buffer";
import { notifications } from "@mantine/notifications";
import { act, fireEvent, screen, waitFor } from "@testing-library/react";
import { afterEach, beforeAll, beforeEach, expect, it, vi } from "vitest";
import { api } from "@/api/client";
import { datasetsQuery, meQuery } from "@/api/hooks";
import { loadMessages } from "@/messages";
import { quietClient, showAt } from "@/test-page";
import { dropDraft, emptyDraft, loadDraft, saveDraft } from "./draft";
import WizardPage from "./WizardPage";

vi.mock("./draft", async (original) => ({ ...(await original<object>()), loadDraft: vi.fn(), saveDraft: vi.fn(), dropDraft: vi.fn() }));

// jsdom's own files cannot be read as a stream.
const file = new NodeFile(["user;event;when\nc1;cart,full;2024-01-13\n"], "orders.csv") as unknown as File;

beforeAll(async () => {
  vi.stubGlobal("matchMedia", () => ({ matches: false, addEventListener: vi.fn(), removeEventListener: vi.fn() }));
  vi.stubGlobal("ResizeObserver", class { observe() {} unobserve() {} disconnect() {} });
  Element.prototype.scrollIntoView = vi.fn();
  await loadMessages("data", "wizard");
});
beforeEach(() => {
  vi.useFakeTimers({ shouldAdvanceTime: true });
  vi.mocked(loadDraft).mockResolvedValue({ draft: { ...emptyDraft(null), datasetId: "d9", isDatasetOurs: true, roles: { user: "customer_id" } }, file, savedAt: 0 });
});
afterEach(() => {
  act(() => notifications.clean());
  vi.useRealTimers();
  vi.clearAllMocks();
});

function show(search = "", datasets: unknown[] = []) {
  const client = quietClient();
  client.setQueryData(datasetsQuery.queryKey, datasets as never);
  client.setQueryData(meQuery.queryKey, { features: { max_upload_bytes: 1_000_000 } } as never);
  return showAt(`/data/imports/new${search}`, <WizardPage />, client);
}

it("clears a draft thrown away at once, and deletes it only when nobody wants it back", async () => {
  const remove = vi.spyOn(api, "delete").mockResolvedValue(undefined);
  show();
  fireEvent.click(await screen.findByRole("button", { name: "Throw this draft away" }));
  expect(screen.queryByRole("button", { name: "Throw this draft away" })).toBeNull();
  expect(document.activeElement?.textContent).toBe("Choose a file");
  await screen.findByText(/Draft of orders.csv thrown away/);
  expect(dropDraft).not.toHaveBeenCalled();
  expect(remove).not.toHaveBeenCalled();
  await act(() => vi.advanceTimersByTimeAsync(11_000));
  await waitFor(() => expect(dropDraft).toHaveBeenCalledOnce());
  expect(remove).toHaveBeenCalledExactlyOnceWith("/datasets/d9");
});

it("brings a draft back with its file and its choices", async () => {
  const remove = vi.spyOn(api, "delete").mockResolvedValue(undefined);
  show();
  fireEvent.click(await screen.findByRole("button", { name: "Throw this draft away" }));
  fireEvent.click(await screen.findByRole("button", { name: "Undo" }));
  await screen.findByRole("button", { name: "Throw this draft away" });
  await act(() => vi.advanceTimersByTimeAsync(11_000));
  expect(dropDraft).not.toHaveBeenCalled();
  expect(remove).not.toHaveBeenCalled();
  expect(vi.mocked(saveDraft).mock.lastCall).toMatchObject([{ datasetId: "d9", roles: { user: "customer_id" } }, file]);
});

it("ends the offer when the page is opened anew", async () => {
  vi.spyOn(api, "delete").mockResolvedValue(undefined);
  const { unmount } = show();
  fireEvent.click(await screen.findByRole("button", { name: "Throw this draft away" }));
  await screen.findByText(/thrown away/);
  unmount();
  expect(dropDraft).not.toHaveBeenCalled();
  vi.mocked(loadDraft).mockResolvedValue(null);
  show();
  await waitFor(() => expect(dropDraft).toHaveBeenCalledOnce());
});

it("reads the file again with another separator", async () => {
  show();
  fireEvent.click(await screen.findByRole("combobox", { name: "Separator" }));
  fireEvent.click(await screen.findByRole("option", { name: "commas", hidden: true }));
  await screen.findByText(/1 column\./);
  await waitFor(() => expect(vi.mocked(saveDraft).mock.lastCall?.[0]).toMatchObject({ separator: "," }));
});

it("reads the file again in another encoding and without a header, and keeps what was corrected", async () => {
  vi.mocked(loadDraft).mockResolvedValue({ draft: { ...emptyDraft(null), encoding: "windows-1251", decimalSign: "," }, file, savedAt: 0 });
  show();
  expect((await screen.findByRole<HTMLInputElement>("combobox", { name: "Encoding" })).value).toBe("Windows-1251 (Cyrillic)");
  expect(screen.getByRole<HTMLInputElement>("combobox", { name: "Decimal sign" }).value).toBe("decimal comma");
  fireEvent.click(screen.getByRole("combobox", { name: "Header" }));
  fireEvent.click(await screen.findByRole("option", { name: "no header row", hidden: true }));
  await screen.findByRole("columnheader", { name: "Column 1" });
  fireEvent.click(screen.getByRole("combobox", { name: "Decimal sign" }));
  fireEvent.click(await screen.findByRole("option", { name: "decimal point", hidden: true }));
  await waitFor(() => expect(vi.mocked(saveDraft).mock.lastCall?.[0]).toMatchObject({ encoding: "windows-1251", isHeaderless: true, decimalSign: ".", separator: null }));
});

it("asks nobody for the encoding that a mark says", async () => {
  const marked = new NodeFile(["\uFEFFuser;event;when\nc1;cart;2024-01-13\n"], "pasted.csv") as unknown as File;
  vi.mocked(loadDraft).mockResolvedValue({ draft: emptyDraft(null), file: marked, savedAt: 0 });
  show();
  await screen.findByRole("combobox", { name: "Separator" });
  expect(screen.getByText(/written in UTF-8/)).toBeTruthy();
  expect(screen.queryByRole("combobox", { name: "Encoding" })).toBeNull();
});

it.each([
  ["a new dataset beside a full one", "?dataset=d1", 10, null],
  ["the dataset that was to get more events", "?dataset=d1&into=dataset", 10, "d1"],
  ["an empty dataset", "?dataset=d1", 0, "d1"],
])("offers %s", async (_, search, events, datasetId) => {
  vi.mocked(loadDraft).mockResolvedValue(null);
  show(search, [{ id: "d1", name: "Web shop", events, case: "customer", session_gap_minutes: null, goal_activity: null, time_zone: "UTC", fields: [], access: { can_write: true } }]);
  await screen.findByText("Drop a file here");
  fireEvent.change(document.querySelector("input[type=file]") as HTMLInputElement, { target: { files: [file] } });
  await waitFor(() => expect(vi.mocked(saveDraft).mock.lastCall?.[0]).toMatchObject({ datasetId }));
});
