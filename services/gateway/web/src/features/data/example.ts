import { api } from "@/api/client";
import { createDataset } from "@/api/hooks";
import type { CaseNotion, Dataset, Import, MappingInput } from "@/api/types";

/** A log that comes with the product, as `/samples/<file>.csv.gz` and `/samples/<file>.mapping.json`. */
export interface Example {
  /** How the messages call it. */
  key: "shop" | "loans";
  file: string;
  case: CaseNotion;
  goal: string;
}

export const EXAMPLES: readonly Example[] = [
  { key: "shop", file: "ecom", case: "session", goal: "purchase" },
  { key: "loans", file: "loans", case: "customer", goal: "Loan paid out" },
];

const POLL_MS = 400;

async function fetched(path: string): Promise<Response> {
  const response = await fetch(path);
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return response;
}

/** Names differ by more than case: "Web shop", or the first free "Web shop (2)", "Web shop (3)". */
export function freeName(name: string, taken: readonly string[]): string {
  const isTaken = (wanted: string): boolean => taken.some((other) => other.toLowerCase() === wanted.toLowerCase());
  if (!isTaken(name)) return name;
  let number = 2;
  while (isTaken(`${name} (${number})`)) number += 1;
  return `${name} (${number})`;
}

/**
 * Brings in an example through the public API, as anybody's own file would come: dataset, import, goal.
 *
 * @param onProgress receives the import's progress, 0 to 1.
 * @returns the dataset, ready to explore.
 * @throws ApiError when the server refuses; Error with the import's words when the import fails. No dataset is left then.
 */
export async function importExample(example: Example, name: string, takenNames: readonly string[], onProgress: (ratio: number) => void): Promise<Dataset> {
  const fileName = `${example.file}.csv.gz`;
  const [file, mapping] = await Promise.all([
    fetched(`/samples/${fileName}`).then((response) => response.blob()),
    fetched(`/samples/${example.file}.mapping.json`).then((response) => response.json() as Promise<MappingInput>),
  ]);
  const dataset = await createDataset({
    name: freeName(name, takenNames),
    is_public: false,
    time_zone: "UTC",
    case: example.case,
    session_gap_minutes: null,
    goal_activity: null,
  });
  try {
    const form = new FormData();
    form.set("mapping", JSON.stringify(mapping));
    form.set("file", file, fileName);
    let started = await api.post<Import>(`/datasets/${dataset.id}/imports`, form);
    while (started.status === "queued" || started.status === "running") {
      onProgress(started.progress_ratio);
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      started = await api.get<Import>(`/imports/${started.id}`);
    }
    if (started.status !== "completed") throw new Error(started.error?.detail ?? started.status);
    return await api.patch<Dataset>(`/datasets/${dataset.id}`, { goal_activity: example.goal });
  } catch (error) {
    await api.delete(`/datasets/${dataset.id}?for_good=true`).catch(() => undefined);
    throw error;
  }
}
