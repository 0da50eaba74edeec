import { describe, expect, it } from "vitest";
import type { ReceivedEvent } from "@/api/types";
import { countOf, indented, KEPT_EVENTS, NOTHING_RECEIVED, rowsOf, withReceived, type Outcome } from "./received";

const event = (customer: string, reason?: string): ReceivedEvent => ({
  received_at: "2024-05-07T10:00:00.000Z",
  dataset_id: "d",
  status: reason ? 400 : 202,
  index: 0,
  rejection: reason ? { reason, field: "time", detail: "Send it as ISO 8601." } : null,
  customer_id: customer,
  action_type: "buy",
  time: null,
  sent: `{"customer_id":"${customer}"}`,
  is_cut: false,
});
const batch = (...events: ReceivedEvent[]) => ({ events, left_out_accepted: 0, left_out_rejected: 0 });

describe("what was received", () => {
  it("is listed newest first, by outcome and by text", () => {
    let log = withReceived(NOTHING_RECEIVED, batch(event("a"), event("b", "not_a_date")));
    log = withReceived(log, batch(event("Đà")));
    const names = (outcome: Outcome | null, text: string) => rowsOf(log, outcome, text).map((row) => row.customer_id);
    expect(names(null, "")).toEqual(["Đà", "b", "a"]);
    expect(names("accepted", "")).toEqual(["Đà", "a"]);
    expect(names("rejected", "")).toEqual(["b"]);
    expect(names(null, " DA")).toEqual(["Đà", "b"]); // the reason is not_a_date
    expect(names(null, "iso 8601")).toEqual(["b"]);
  });

  it("is kept to the last 200 of each outcome, and counted in full", () => {
    let log = withReceived(NOTHING_RECEIVED, batch(event("bad", "not_a_date")));
    for (let round = 0; round < 30; round++) log = withReceived(log, { ...batch(...Array.from({ length: 10 }, (_, index) => event(`${round}-${index}`))), left_out_accepted: 5 });
    log = withReceived(log, { ...batch(), left_out_rejected: 2 });
    expect(rowsOf(log, null, "")).toHaveLength(KEPT_EVENTS);
    expect(rowsOf(log, null, "")[0]?.customer_id).toBe("29-9");
    expect(rowsOf(log, "rejected", "").map((row) => row.customer_id)).toEqual(["bad"]);
    expect([log.counts, log.leftOut, countOf(log)]).toEqual([{ accepted: 450, rejected: 3 }, 152, 453]);
    expect(new Set(rowsOf(log, null, "").map((row) => row.place)).size).toBe(KEPT_EVENTS);
  });

  it("marks what repeats the id of an accepted event that is kept", () => {
    const sent = (event_id: unknown, at: string, more: Partial<ReceivedEvent> = {}): ReceivedEvent => ({ ...event("c"), received_at: at, sent: JSON.stringify({ event_id }), ...more });
    const rejection = { reason: "not_a_date", field: "time", detail: "" };
    let log = withReceived(NOTHING_RECEIVED, batch(sent("e1", "1", { rejection }), sent("e1", "2"), sent("e1", "3"), sent("e1", "4", { dataset_id: "other" }), sent("", "5"), sent("", "6")));
    log = withReceived(log, batch(sent("e1", "7"), sent("e1", "8", { rejection }), sent("e2", "9", { sent: '{"event_id":"e1"', is_cut: true }), sent(5, "10"), sent("5", "11")));
    expect(rowsOf(log, null, "").flatMap(({ received_at, repeats }) => (repeats === null ? [] : [[received_at, repeats]]))).toEqual([["11", "10"], ["7", "2"], ["3", "2"]]);
  });

  it("is indented where it is whole", () => {
    expect(indented('{"a":1}')).toBe('{\n  "a": 1\n}');
    expect(indented('{"a":')).toBe('{"a":');
  });
});
