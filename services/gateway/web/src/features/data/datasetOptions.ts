import type { CaseNotion } from "@/api/types";

/** What one journey is: everything of a customer, a given session id, or a pause that ends a session. */
export type JourneyUnit = "customer" | "session" | "gap";

/** IANA names, UTC first. */
export const TIME_ZONES = ["UTC", ...Intl.supportedValuesOf("timeZone").filter((zone) => zone !== "UTC")];

export function journeyUnit(dataset: { case: CaseNotion; session_gap_minutes: number | null }): JourneyUnit {
  if (dataset.case === "customer") return "customer";
  return dataset.session_gap_minutes === null ? "session" : "gap";
}
