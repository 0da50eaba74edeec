import { api } from "@/api/client";
import type { Import, Page } from "@/api/types";
import type { Draft } from "./draft";
import { guessRoles } from "./roles";
import { readSample, type Reading, type Sample } from "./sample";
import { choicesOf, fits, missingColumns, readingOf } from "./savedMapping";

/** How many imports of a dataset are looked at, with their checks. */
const LOOKED_AT = 20;

/** What a file means to begin with. */
export interface Beginning {
  sample: Sample;
  choices: Partial<Draft> & Pick<Draft, "roles">;
}

/** What the columns of a file mean by guess; what a former import said beside that goes with its columns. */
export const guessed = ({ columnsAs }: Draft, { columns }: Sample): Beginning["choices"] => ({ ...guessRoles(columns), ...(columnsAs !== null && { columnsAs: null, repairs: {}, stepRules: [] }) });

/**
 * A file as in the last import of a dataset whose columns it has all, as found or else read as that import was.
 *
 * @returns null when there is no such import, or the server does not tell.
 */
export async function asLastImport(file: File, found: Sample, datasetId: string): Promise<Beginning | null> {
  const answer = await api.get<Page<Import>>("/imports", { dataset_id: datasetId, status: "completed", limit: LOOKED_AT }).catch(() => null);
  for (const { mapping, file_name } of answer?.items.filter(({ check_only }) => !check_only) ?? []) {
    const begin = (sample: Sample, reading?: Reading): Beginning => ({ sample, choices: { ...reading, ...choicesOf(mapping, sample), isZoneChosen: false, columnsAs: file_name } });
    if (missingColumns(mapping, found).length === 0) return begin(found);
    // Without names of columns any file with enough of them would do.
    if (!mapping.headerless && (await fits(mapping, file))) return begin(await readSample(file, readingOf(mapping)), readingOf(mapping));
  }
  return null;
}
