import type { ReceivedEvent, ReceivedEvents } from "@/api/types";
import { foldText } from "@/shared/text";

/** How many received events are kept of each outcome, and shown at most. */
export const KEPT_EVENTS = 200;

export type Outcome = "accepted" | "rejected";

export interface ReceivedRow extends ReceivedEvent {
  /** In the order of arrival, from 0. */
  place: number;
  /** Its dataset and event_id, where it was accepted with one. */
  key: string | null;
  /** When the first kept one with this key was received: this one is not counted again. */
  repeats: string | null;
}

/** What arrived since the page was opened: the newest of each outcome, so that no flood of one hides the other. */
export interface ReceivedLog {
  rows: Record<Outcome, ReceivedRow[]>;
  /** Everything that arrived, also what is not kept or was never told. */
  counts: Record<Outcome, number>;
  /** What came too fast to be told. */
  leftOut: number;
  nextPlace: number;
}

export const NOTHING_RECEIVED: ReceivedLog = { rows: { accepted: [], rejected: [] }, counts: { accepted: 0, rejected: 0 }, leftOut: 0, nextPlace: 0 };

export const outcomeOf = (event: ReceivedEvent): Outcome => (event.rejection ? "rejected" : "accepted");

/** The log with what just arrived. */
export function withReceived(log: ReceivedLog, { events, left_out_accepted, left_out_rejected }: ReceivedEvents): ReceivedLog {
  // From the newest to the oldest, so that the oldest stays.
  const seenAt = new Map(log.rows.accepted.map(({ key, received_at, repeats }) => [key, repeats ?? received_at]));
  const arrived = events.map((event, index) => {
    const key = keyOf(event);
    const repeats = key === null ? null : (seenAt.get(key) ?? null);
    seenAt.set(key, repeats ?? event.received_at);
    return { ...event, place: log.nextPlace + index, key, repeats };
  });
  arrived.reverse();
  const of = (outcome: Outcome) => arrived.filter((row) => outcomeOf(row) === outcome);
  const [accepted, rejected] = [of("accepted"), of("rejected")];
  return {
    rows: { accepted: [...accepted, ...log.rows.accepted].slice(0, KEPT_EVENTS), rejected: [...rejected, ...log.rows.rejected].slice(0, KEPT_EVENTS) },
    counts: { accepted: log.counts.accepted + accepted.length + left_out_accepted, rejected: log.counts.rejected + rejected.length + left_out_rejected },
    leftOut: log.leftOut + left_out_accepted + left_out_rejected,
    nextPlace: log.nextPlace + events.length,
  };
}

function keyOf({ rejection, dataset_id, sent }: ReceivedEvent): string | null {
  if (rejection) return null;
  try {
    const { event_id } = JSON.parse(sent) as { event_id?: unknown };
    return typeof event_id === "number" || (typeof event_id === "string" && event_id !== "") ? `${dataset_id} ${event_id}` : null;
  } catch {
    return null; // It was cut.
  }
}

export const countOf = ({ counts }: ReceivedLog): number => counts.accepted + counts.rejected;

/** The newest rows of an outcome (null: of both) that contain a text anywhere, newest first. */
export function rowsOf({ rows }: ReceivedLog, outcome: Outcome | null, text: string): ReceivedRow[] {
  const found = outcome ? rows[outcome] : [...rows.accepted, ...rows.rejected].sort((a, b) => b.place - a.place);
  const wanted = foldText(text.trim());
  const matching = wanted ? found.filter((row) => textsOf(row).some((known) => known && foldText(known).includes(wanted))) : found;
  return matching.slice(0, KEPT_EVENTS);
}

const textsOf = ({ sent, dataset_id, rejection }: ReceivedEvent) => [sent, dataset_id, rejection?.field, rejection?.reason, rejection?.detail];

/** What was sent, indented; as it is where it is not JSON or was cut. */
export function indented(sent: string): string {
  try {
    return JSON.stringify(JSON.parse(sent), null, 2);
  } catch {
    return sent;
  }
}
