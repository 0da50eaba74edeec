import { act, fireEvent, screen, waitFor } from "@testing-library/react";
import { beforeAll, expect, it, vi } from "vitest";
import { api, ApiError } from "@/api/client";
import { loadMessages } from "@/messages";
import { quietClient, showAt } from "@/test-page";
import DatasetPage from "./DatasetPage";

vi.mock("@/shared/scope", async (original) => ({ ...(await original<object>()), usePathParam: () => "d1" }));

beforeAll(async () => {
  vi.stubGlobal("matchMedia", () => ({ matches: false, addEventListener: vi.fn(), removeEventListener: vi.fn() }));
  vi.stubGlobal("ResizeObserver", class { observe = vi.fn(); unobserve = vi.fn(); disconnect = vi.fn(); });
  vi.spyOn(globalThis, "fetch").mockImplementation(() => new Promise(() => undefined));
  await loadMessages("data");
});

/** The settings of a dataset; `tell` changes it as if somebody else had. */
function show(part: object) {
  const client = quietClient();
  const access = { can_see: true, can_analyse: true, can_write: true, can_manage: true };
  const dataset = { id: "d1", name: "Web shop", is_public: true, owner: "Linh", events: 0, fields: [], case: "customer", session_gap_minutes: null, goal_activity: null, time_zone: "UTC", version: 1, access, ...part };
  const tell = (change: object) => {
    act(() => void client.setQueryData(["datasets", "d1"], { ...dataset, ...change }));
  };
  client.setQueryData(["datasets"], [dataset]);
  tell({});
  showAt("/data/datasets/d1?tab=settings", <DatasetPage />, client);
  return tell;
}

it.each([
  ["may add events", true],
  ["may only look", false],
])("says once in Settings that the dataset is somebody else's to one who %s", async (_, canWrite) => {
  show({ access: { can_analyse: false, can_write: canWrite, can_manage: false } });
  await screen.findAllByText(/^You can see Web shop but not change it/);
  expect(screen.getAllByText(/^You can see Web shop but not change it/)).toHaveLength(1);
});

it.each([
  [0, [], "The events carry a session id."],
  [9, ["session_id"], "The events carry a session id."],
  [9, ["device_category"], "No event here carries a session id: each customer would count as one session."],
])("says of %i events with the fields %j what a session by its id would be", async (events, fields, text) => {
  show({ events, fields });
  expect((await screen.findByRole("radio", { name: "One session, by its id" })).closest(".mantine-Radio-root")?.textContent).toContain(text);
});

const nameField = () => screen.findByRole<HTMLInputElement>("textbox", { name: "Name" });

it("saves what was changed and nothing else, shows what others change, and keeps what is being typed", async () => {
  const patch = vi.spyOn(api, "patch").mockResolvedValue({});
  const tell = show({});
  const name = await nameField();
  fireEvent.change(name, { target: { value: "Till" } });
  tell({ is_public: false, version: 2, events: 3 });
  await waitFor(() => expect(screen.getByRole<HTMLInputElement>("switch", { name: /^Visible to everybody/ }).checked).toBe(false));
  expect(name.value).toBe("Till");
  fireEvent.click(screen.getByRole("button", { name: "Save settings" }));
  await waitFor(() => expect(patch).toHaveBeenCalledExactlyOnceWith("/datasets/d1", { name: "Till" }));
});

it("says at the name that it is taken, and goes there", async () => {
  const detail = "There is a dataset named “Till” already.";
  vi.spyOn(api, "patch").mockRejectedValue(new ApiError({ type: "about:blank", title: "", status: 409, reason: "dataset_name_taken", detail, errors: [{ field: "name", row: null, reason: "dataset_name_taken", detail }] }));
  show({});
  const name = await nameField();
  fireEvent.change(name, { target: { value: "Till" } });
  fireEvent.click(screen.getByRole("button", { name: "Save settings" }));
  await waitFor(() => expect(name.getAttribute("aria-invalid")).toBe("true"));
  expect(document.activeElement).toBe(name);
  expect(screen.getAllByText(detail)).toHaveLength(1);
});
