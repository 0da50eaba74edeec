import { notifications } from "@mantine/notifications";
import { act, fireEvent, screen, waitFor } from "@testing-library/react";
import { afterEach, beforeAll, expect, it, vi } from "vitest";
import { api } from "@/api/client";
import { meQuery } from "@/api/hooks";
import type { Dataset, Me } from "@/api/types";
import { loadMessages } from "@/messages";
import { quietClient, showAt } from "@/test-page";
import { AccessTab } from "./AccessTab";

beforeAll(async () => {
  vi.stubGlobal("matchMedia", () => ({ matches: false, addEventListener: vi.fn(), removeEventListener: vi.fn() }));
  vi.stubGlobal("ResizeObserver", class { observe() {} unobserve() {} disconnect() {} });
  await loadMessages("data");
});
afterEach(() => {
  act(() => notifications.clean());
  vi.restoreAllMocks();
});

function show(canManage: boolean, role = "admin") {
  const client = quietClient();
  client.setQueryData(meQuery.queryKey, { user: { id: "u0", role } } as Me);
  return showAt("/", <AccessTab dataset={dataset(canManage)} />, client);
}

const dataset = (canManage: boolean) => ({ id: "d1", name: "Web shop", owner: "Linh", owner_id: "u0", access: { can_manage: canManage } }) as Dataset;

it("takes access away at once, keeps the focus in the list, and gives it back", async () => {
  const grants = ["Ada", "Bo"].map((username) => ({ user_id: username, username, created_at: "2024-01-01T00:00:00Z" }));
  const get = vi.spyOn(api, "get").mockImplementation((path) => Promise.resolve({ items: path.endsWith("/grants") ? grants : [], next_cursor: null } as never));
  const post = vi.spyOn(api, "post").mockResolvedValue(undefined);
  const remove = vi.spyOn(api, "delete").mockImplementation(() => {
    grants.shift();
    return Promise.resolve(undefined as never);
  });
  show(true);
  const button = await screen.findByRole("button", { name: "Take access away from Ada" });
  button.focus();
  fireEvent.click(button);
  expect(document.activeElement?.getAttribute("aria-label")).toBe("Take access away from Bo");
  await waitFor(() => expect(screen.queryByRole("button", { name: "Take access away from Ada" })).toBeNull());
  await screen.findByText(/Access to Web shop taken away from Ada/);
  expect(remove).toHaveBeenCalledExactlyOnceWith("/datasets/d1/grants/Ada");
  // This list has no parts to ask for, and the server refuses parameters it does not know.
  expect(get).toHaveBeenCalledWith("/datasets/d1/grants", {}, expect.anything());
  fireEvent.click(screen.getByRole("button", { name: "Undo" }));
  await waitFor(() => expect(post).toHaveBeenCalledExactlyOnceWith("/datasets/d1/grants", { user_id: "Ada" }));
});

it("says who sees the list to those who do not", async () => {
  show(false);
  await screen.findByText("Only Linh and administrators see who else may use Web shop. An administrator gives access.");
});

it("shows the list to an owner, who cannot change it, and says who can", async () => {
  const grants = [{ user_id: "u1", username: "Ada", created_at: "2024-01-01T00:00:00Z" }];
  const get = vi.spyOn(api, "get").mockResolvedValue({ items: grants, next_cursor: null });
  show(true, "analyst");
  await screen.findByText("Ada");
  screen.getByText(/An administrator gives access and takes it away\.$/);
  expect(screen.queryByRole("button", { name: /access/ })).toBeNull();
  expect(screen.queryByLabelText("Person")).toBeNull();
  expect(get.mock.calls.map(([path]) => path)).toEqual(["/datasets/d1/grants"]);
});

it.each([
  [["Linh"], "Nobody else is here", /There is nobody to choose yet/],
  [["Linh", "Ada"], "Choose a person", /Choose a person above/],
])("says the same twice when %s are there and nobody has access", async (names, placeholder, text) => {
  const people = names.map((username) => ({ id: username === "Linh" ? "u0" : username, username }));
  vi.spyOn(api, "get").mockImplementation((path) => Promise.resolve({ items: path.endsWith("/grants") ? [] : people, next_cursor: null } as never));
  show(true);
  await screen.findByPlaceholderText(placeholder);
  await screen.findByText(text);
});
