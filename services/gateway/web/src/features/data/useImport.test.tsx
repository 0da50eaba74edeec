import { act, screen, waitFor } from "@testing-library/react";
import { expect, it, vi } from "vitest";
import { api } from "@/api/client";
import { quietClient, showAt } from "@/test-page";
import { useImport } from "./useImport";

vi.stubGlobal("matchMedia", () => ({ matches: false, addEventListener: vi.fn(), removeEventListener: vi.fn() }));
vi.stubGlobal("EventSource", class { addEventListener = vi.fn(); close = vi.fn(); });

function Status() {
  return <output>{useImport("i1").data?.status}</output>;
}

it("asks for every number of the dataset again when the end became known without the stream", async () => {
  vi.spyOn(api, "get").mockResolvedValue({ id: "i1", status: "running" });
  const client = quietClient();
  const map = ["datasets", "d1", "directly-follows"];
  client.setQueryData(map, {});
  showAt("/explore/map", <Status />, client);
  await screen.findByText("running");
  expect(client.getQueryState(map)?.isInvalidated).toBe(false);
  act(() => void client.setQueryData(["imports", "one", "i1"], { id: "i1", status: "cancelled" }));
  await waitFor(() => expect(client.getQueryState(map)?.isInvalidated).toBe(true));
});
