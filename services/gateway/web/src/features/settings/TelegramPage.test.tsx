import { notifications } from "@mantine/notifications";
import { act, fireEvent, screen, waitFor } from "@testing-library/react";
import { afterEach, beforeAll, expect, it, vi } from "vitest";
import { api } from "@/api/client";
import { loadMessages } from "@/messages";
import { quietClient, showAt } from "@/test-page";
import TelegramPage from "./TelegramPage";

beforeAll(async () => {
  vi.stubGlobal("matchMedia", () => ({ matches: false, addEventListener: vi.fn(), removeEventListener: vi.fn() }));
  await loadMessages("settings");
});
afterEach(() => {
  act(() => notifications.clean());
  vi.restoreAllMocks();
});

it("unlinks at once and says how to link again", async () => {
  const state = { enabled: true, linked: true, blocked: false, chat_title: "Shop team", bot_username: "cjm", linked_at: null };
  vi.spyOn(api, "get").mockImplementation(() => Promise.resolve({ ...state } as never));
  const remove = vi.spyOn(api, "delete").mockImplementation(() => {
    state.linked = false;
    return Promise.resolve(undefined as never);
  });
  showAt("/", <TelegramPage />, quietClient());
  fireEvent.click(await screen.findByRole("button", { name: "Unlink" }));
  await screen.findByText(/unlinked from “Shop team”.*with a new code/);
  expect(remove).toHaveBeenCalledExactlyOnceWith("/telegram");
  const link = await screen.findByRole("button", { name: "Link Telegram" });
  await waitFor(() => expect(document.activeElement?.contains(link)).toBe(true));
  expect(document.activeElement).not.toBe(document.body);
});
