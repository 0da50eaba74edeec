import { api } from "@/api/client";
import type { NewExport } from "@/api/types";
import { parseSearch, stringifySearch } from "./search";

const LONGEST_ADDRESS = 2000;

/** Tells the journal what was saved as a file; nobody waits for it, and where it fails the file is saved all the same. */
export function noteExport(datasetId: string | null, { address, ...what }: NewExport): void {
  if (datasetId === null) return;
  const kept = { ...what, address: address.length > LONGEST_ADDRESS ? "" : address };
  api.post(`/datasets/${datasetId}/exports`, kept).catch(() => undefined);
}

/** Path and query of this page with `parts` in place of what the address says, or leaves open. */
export const addressWith = (parts: Record<string, string>): string => location.pathname + stringifySearch({ ...parseSearch(location.search), ...parts });
