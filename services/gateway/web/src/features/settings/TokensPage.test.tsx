import { fireEvent, screen, waitFor } from "@testing-library/react";
import { beforeAll, expect, it, vi } from "vitest";
import { api } from "@/api/client";
import { meQuery } from "@/api/hooks";
import type { ApiToken, Dataset, Me } from "@/api/types";
import { loadMessages } from "@/messages";
import { quietClient, showAt } from "@/test-page";
import TokensPage from "./TokensPage";

beforeAll(async () => {
  vi.stubGlobal("matchMedia", () => ({ matches: false, addEventListener: vi.fn(), removeEventListener: vi.fn() }));
  vi.stubGlobal("ResizeObserver", class { observe() {} unobserve() {} disconnect() {} });
  await loadMessages("settings");
});

it("shows in the list that the token was used as soon as its first event is there", async () => {
  const dataset = { id: "d1", name: "Shop", events: 0, access: { can_write: true } } as Dataset;
  const token = { id: "t1", name: "Till", secret: "cjm_secret", secret_prefix: "cjm_s", dataset_ids: ["d1"], created_by: "Linh", created_at: "2024-01-01T00:00:00Z", last_used_at: null, revoked_at: null } as unknown as ApiToken;
  let hasArrived = false;
  vi.spyOn(api, "get").mockImplementation((path) => {
    if (path === "/datasets/d1") {
      hasArrived = true;
      return Promise.resolve({ ...dataset, events: 1 } as never);
    }
    const tokens = [{ ...token, last_used_at: hasArrived ? "2024-01-02T00:00:00Z" : null }];
    return Promise.resolve({ items: path === "/tokens" ? tokens : [dataset], next_cursor: null } as never);
  });
  vi.spyOn(api, "post").mockResolvedValue(token);
  const client = quietClient();
  client.setQueryData(meQuery.queryKey, { user: { id: "u1", role: "admin" } } as Me);
  showAt("/settings/tokens", <TokensPage />, client);
  await screen.findByText("never");
  fireEvent.click(await screen.findByRole("button", { name: "Create token" }));
  fireEvent.change(await screen.findByLabelText("Name"), { target: { value: "Till" } });
  fireEvent.submit((await screen.findByLabelText("Name")).closest("form") as HTMLFormElement);
  await screen.findByText(/1 event arrived in Shop/);
  await waitFor(() => expect(screen.queryByText("never")).toBeNull());
});
