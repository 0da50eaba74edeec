import { notifications } from "@mantine/notifications";
import { act, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeAll, expect, it, vi } from "vitest";
import { api } from "@/api/client";
import { meQuery } from "@/api/hooks";
import { loadMessages } from "@/messages";
import { quietClient, showAt } from "@/test-page";
import TeamPage from "./TeamPage";

beforeAll(async () => {
  vi.stubGlobal("matchMedia", () => ({ matches: false, addEventListener: vi.fn(), removeEventListener: vi.fn() }));
  vi.stubGlobal("ResizeObserver", class { observe() {} unobserve() {} disconnect() {} });
  await loadMessages("settings");
});

afterEach(() => {
  act(() => notifications.clean());
});

it("gives the focus back to Add person when nobody is added", async () => {
  vi.spyOn(api, "get").mockResolvedValue({ items: [], next_cursor: null });
  const client = quietClient();
  client.setQueryData(meQuery.queryKey, { user: { id: "u1", username: "admin", role: "admin" } } as never);
  showAt("/settings/team", <TeamPage />, client);
  const add = await screen.findByRole("button", { name: "Add person" });
  expect(document.activeElement).not.toBe(add);
  await userEvent.click(add);
  expect(document.activeElement).toBe(screen.getByRole("textbox", { name: "Name" }));
  await userEvent.click(screen.getByRole("button", { name: "Cancel" }));
  expect(document.activeElement).toBe(screen.getByRole("button", { name: "Add person" }));
});

it("tells each of two changes made one right after the other, each with its way back", async () => {
  const linh = { id: "u2", username: "Linh", role: "analyst", is_superuser: false, is_disabled: false, created_at: null, last_login_at: null };
  vi.spyOn(api, "get").mockResolvedValue({ items: [linh], next_cursor: null });
  const patch = vi.spyOn(api, "patch").mockResolvedValue(linh);
  const client = quietClient();
  client.setQueryData(meQuery.queryKey, { user: { id: "u1", username: "admin", role: "admin", is_superuser: true } } as never);
  showAt("/settings/team", <TeamPage />, client);
  for (const choice of ["Make administrator", "Disable"]) {
    await userEvent.click(await screen.findByRole("button", { name: "Change Linh" }));
    await userEvent.click(await screen.findByRole("button", { name: choice }));
  }
  await screen.findByText("Linh is an administrator now.");
  await screen.findByText("Linh is disabled and signed out everywhere.");
  await userEvent.click(screen.getAllByRole("button", { name: "Undo" }).at(-1) as HTMLElement);
  expect(patch).toHaveBeenLastCalledWith("/users/u2", { is_disabled: false });
});

it("offers no way back from what only the first administrator takes back", async () => {
  const linh = { id: "u2", username: "Linh", role: "analyst", is_superuser: false, is_disabled: false, created_at: null, last_login_at: null };
  vi.spyOn(api, "get").mockResolvedValue({ items: [linh], next_cursor: null });
  vi.spyOn(api, "patch").mockResolvedValue(linh);
  const client = quietClient();
  client.setQueryData(meQuery.queryKey, { user: { id: "u3", username: "ada", role: "admin", is_superuser: false } } as never);
  showAt("/settings/team", <TeamPage />, client);
  await userEvent.click(await screen.findByRole("button", { name: "Change Linh" }));
  await userEvent.click(await screen.findByRole("button", { name: "Make administrator" }));
  await screen.findByText("Linh is an administrator now.");
  expect(screen.queryByRole("button", { name: "Undo" })).toBeNull();
});
