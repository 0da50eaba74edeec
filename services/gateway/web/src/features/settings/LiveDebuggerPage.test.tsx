import { act, fireEvent, screen } from "@testing-library/react";
import { afterEach, beforeAll, beforeEach, expect, it, vi } from "vitest";
import { api } from "@/api/client";
import type { ReceivedEvents } from "@/api/types";
import { loadMessages } from "@/messages";
import { quietClient, showAt } from "@/test-page";
import LiveDebuggerPage from "./LiveDebuggerPage";

vi.mock("@/shared/scope", async (original) => ({ ...(await original<object>()), usePathParam: () => "t1" }));

/** A stream that the test speaks through. */
class FakeStream {
  static readonly CLOSED = 2;
  static opened: FakeStream[] = [];
  readyState = 1;
  onmessage?: (event: { data: string }) => void;
  onerror?: () => void;
  close = vi.fn();
  constructor(readonly address: string) {
    FakeStream.opened.push(this);
  }
  say(batch: Partial<ReceivedEvents>) {
    act(() => this.onmessage?.({ data: JSON.stringify({ events: [], left_out_accepted: 0, left_out_rejected: 0, ...batch }) }));
  }
  fail(readyState: number) {
    this.readyState = readyState;
    act(() => this.onerror?.());
  }
}

const TOKEN = { id: "t1", name: "till", dataset_ids: ["d1"], revoked_at: null as string | null };

beforeAll(async () => {
  vi.stubGlobal("matchMedia", () => ({ matches: false, addEventListener: vi.fn(), removeEventListener: vi.fn() }));
  vi.stubGlobal("ResizeObserver", class { observe() {} unobserve() {} disconnect() {} });
  vi.stubGlobal("EventSource", FakeStream);
  await loadMessages("settings");
});
beforeEach(() => {
  FakeStream.opened = [];
});
afterEach(() => vi.restoreAllMocks());

async function shown(role: "admin" | "analyst", token = TOKEN) {
  vi.spyOn(api, "get").mockImplementation((path) => Promise.resolve((path === "/tokens" ? { items: [token], next_cursor: null } : { user: { role } }) as never));
  const client = quietClient();
  client.setQueryData(["me"], { user: { role } });
  client.setQueryData(["datasets"], [{ id: "d1", name: "Web shop" }]);
  showAt("/settings/tokens/t1", <LiveDebuggerPage />, client);
  await screen.findByRole("heading", { name: "Live debugger" });
}

it("says where the connection stands, and opens it again when asked", async () => {
  await shown("admin");
  await screen.findByText("Connecting…");
  const [stream] = FakeStream.opened;
  expect(stream?.address).toBe("/api/v1/tokens/t1/received");
  stream?.say({});
  expect(screen.getByRole("status").textContent).toBe("Waiting for your first event…");
  stream?.say({ left_out_accepted: 1200, left_out_rejected: 1 });
  screen.getByText("1,200 accepted, 1 rejected since this page was opened. 1,201 of them came too fast to be listed.");
  stream?.fail(0);
  expect(screen.getByRole("status").textContent).toMatch(/^Connection lost/);
  stream?.fail(FakeStream.CLOSED);
  screen.getByText("The live view has ended");
  fireEvent.click(screen.getByRole("button", { name: "Try again" }));
  expect(stream?.close).toHaveBeenCalledOnce();
  expect(FakeStream.opened).toHaveLength(2);
  FakeStream.opened[1]?.say({});
  expect(screen.getByRole("status").textContent).toBe("Events arrive.");
});

it("opens no stream for a revoked token or for an analyst", async () => {
  await shown("admin", { ...TOKEN, revoked_at: "2024-05-07T10:00:00.000Z" });
  await screen.findByText("This token is revoked");
  await shown("analyst");
  await screen.findByText("Only administrators see this page");
  expect(FakeStream.opened).toEqual([]);
});

it("says that what repeats an id is counted once, and which time was understood", async () => {
  await shown("admin");
  await screen.findByText("Connecting…");
  const event = { received_at: "2024-05-07T10:00:00.000Z", dataset_id: "d1", status: 202, index: 0, rejection: null, customer_id: "c-1", action_type: "buy", time: "2024-05-07T10:00:00.000Z", sent: '{"event_id":"e1"}', is_cut: false };
  FakeStream.opened[0]?.say({ events: [event, event] });
  const [later, first] = await screen.findAllByRole("listitem");
  expect(later?.textContent).toMatch(/Customer c-1, step buy, time 2024-05-07T10:00:00.000ZSame event_id as the event of [\d:]+.*: counted once\./);
  expect(first?.textContent).not.toContain("counted once");
});

it("claims to have understood nothing of what could not be read", async () => {
  await shown("admin");
  await screen.findByText("Connecting…");
  const event = { received_at: "2024-05-07T10:00:00.000Z", dataset_id: "d1", status: 400, customer_id: null, action_type: null, time: null, sent: "{bad", is_cut: false };
  FakeStream.opened[0]?.say({ events: [{ ...event, index: 0, rejection: { reason: "event_not_json", field: "", detail: "This event is not valid JSON." } }, { ...event, index: 1, customer_id: "c-1", rejection: { reason: "field_missing", field: "action_type", detail: "The step is missing." } }] });
  await screen.findByText("This event is not valid JSON.");
  expect(screen.getAllByText(/^Customer/)).toHaveLength(1);
});
