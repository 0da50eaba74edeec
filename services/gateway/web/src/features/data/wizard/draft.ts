import type { StepRule } from "@/api/types";
import type { JourneyUnit } from "../datasetOptions";
import type { Confidence, Repairs, Roles } from "./roles";
import type { Remote } from "./remote";
import { AS_FOUND, type Reading, type Sample } from "./sample";
import type { DayOrder } from "./times";

export const STEPS = ["file", "columns", "check", "journeys", "import"] as const;
export type StepName = (typeof STEPS)[number];

/** Everything the reader decided so far; the file itself lies beside it. */
export interface Draft extends Reading {
  step: StepName;
  /** Dataset to add to; null = a new one named `newName`, made when the import begins. */
  datasetId: string | null;
  newName: string;
  /** All that is in the dataset goes for the file; only for who manages it. */
  replaces: boolean;
  /** Where the file comes from when it is not the reader's own; then only its beginning lies beside the draft. */
  remote: Remote | null;
  roles: Roles;
  confidence: Record<string, Confidence>;
  /** Name of the file with whose import the columns came; null when they are guessed or chosen. */
  columnsAs: string | null;
  timezone: string;
  /** The reader or a saved mapping said the time zone, so that the dataset does not. */
  isZoneChosen: boolean;
  order: DayOrder;
  /** The check of exactly `checkedMapping` into `datasetId`. */
  checkId: string | null;
  checkedMapping: string | null;
  /** What is done about faults in a field; rows with others are left out. */
  repairs: Repairs;
  /** Faults, as in `faultKey`, for which the reader would rather correct the file. */
  stops: string[];
  /** Other names for the steps that the check found. */
  stepRules: StepRule[];
  unit: JourneyUnit;
  gapMinutes: number;
  goal: string | null;
  importId: string | null;
}

/** What every step gets: the decisions so far, the file, and the ways on. */
export interface StepProps {
  draft: Draft;
  change: (part: Partial<Draft>) => void;
  file: File;
  sample: Sample;
  goTo: (step: StepName) => void;
}

export const emptyDraft = (datasetId: string | null): Draft => ({
  step: "file",
  datasetId,
  newName: "",
  replaces: false,
  ...AS_FOUND,
  remote: null,
  roles: {},
  confidence: {},
  columnsAs: null,
  timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
  isZoneChosen: false,
  order: "ambiguous",
  checkId: null,
  checkedMapping: null,
  repairs: {},
  stops: [],
  stepRules: [],
  unit: "customer",
  gapMinutes: 30,
  goal: null,
  importId: null,
});

export interface KeptDraft {
  draft: Draft;
  file: File;
  savedAt: number;
}

const KEPT_MS = 7 * 24 * 3600 * 1000;
const STORE = "drafts";
const KEY = "import";

let opened: Promise<IDBDatabase> | null = null;
/** The file that lies in the store; it may be large and is written only once. */
let keptFile: File | null = null;

const fileKey = (file: File): string => `${file.name}/${file.size}/${file.lastModified}`;

/** The browser's store, opened once: a change is then written before a reload right after it takes the page away. */
function open(): Promise<IDBDatabase> {
  opened ??= new Promise<IDBDatabase>((resolve, reject) => {
    const opening = indexedDB.open("cjm", 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
    opening.onerror = () => reject(opening.error ?? new Error("indexedDB"));
    opening.onsuccess = () => {
      opening.result.onclose = () => (opened = null);
      resolve(opening.result);
    };
  });
  return opened;
}

async function inStore<Answer>(mode: IDBTransactionMode, act: (store: IDBObjectStore) => IDBRequest<Answer>): Promise<Answer> {
  const database = await open();
  return new Promise((resolve, reject) => {
    const transaction = database.transaction(STORE, mode);
    const asked = act(transaction.objectStore(STORE));
    transaction.oncomplete = () => resolve(asked.result);
    transaction.onabort = () => reject(transaction.error ?? new Error("indexedDB"));
    // At once: a page that is gone does not commit any more.
    transaction.commit();
  });
}

interface Stored {
  draft: Draft;
  fileKey: string;
  savedAt: number;
}

/** The draft of the last seven days with its file, if there is one and the browser keeps such things. */
export async function loadDraft(now = Date.now()): Promise<KeptDraft | null> {
  try {
    const stored = await inStore("readonly", (store) => store.get(KEY) as IDBRequest<Stored | undefined>);
    if (!stored || now - stored.savedAt >= KEPT_MS) return null;
    const file = await inStore("readonly", (store) => store.get(stored.fileKey) as IDBRequest<File | undefined>);
    if (!file) return null;
    keptFile = file;
    // A draft from before an update lacks what is new since.
    return { draft: { ...emptyDraft(null), ...stored.draft }, file, savedAt: stored.savedAt };
  } catch {
    return null;
  }
}

/** Keeps the draft; a browser that refuses to store only loses resuming. */
export async function saveDraft(draft: Draft, file: File): Promise<void> {
  const isNewFile = file !== keptFile;
  keptFile = file;
  await inStore("readwrite", (store) => {
    if (isNewFile) {
      store.clear();
      store.put(file, fileKey(file));
    }
    return store.put({ draft, fileKey: fileKey(file), savedAt: Date.now() } satisfies Stored, KEY);
  }).catch(() => (keptFile = null));
}

export async function dropDraft(): Promise<void> {
  keptFile = null;
  await inStore("readwrite", (store) => store.clear()).catch(() => undefined);
}

export const isSessionKnown = ({ roles }: Draft): boolean => Object.values(roles).includes("session_id");

/**
 * Unit and goal as far as there are any. A dataset that is there may have both from before; of a new one they can have gone with the columns
 * that were chosen first.
 *
 * Args:
 *   steps: What the map will show; undefined while it is not known.
 */
export function chosenJourneys(draft: Draft, steps: readonly { name: string }[] | undefined): Pick<Draft, "unit" | "goal"> {
  const { datasetId, unit, goal } = draft;
  if (datasetId !== null) return { unit, goal };
  return {
    unit: unit === "session" && !isSessionKnown(draft) ? "customer" : unit,
    goal: steps && !steps.some(({ name }) => name === goal) ? null : goal,
  };
}
