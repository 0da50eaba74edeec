import { Button, Select, TextInput } from "@mantine/core";
import { IconClipboardText, IconFileUpload, IconLink } from "@tabler/icons-react";
import { useRef, useState, type DragEvent } from "react";
import { useDatasets, useMe } from "@/api/hooks";
import type { Dataset, Mapping } from "@/api/types";
import { useText } from "@/messages";
import { useFormat } from "@/shared/format";
import { Card, DataTable, Note } from "@/shared/ui";
import { freeName } from "../example";
import { Examples } from "../Examples";
import { journeyUnit } from "../datasetOptions";
import { AddressDialog } from "./AddressDialog";
import type { Draft } from "./draft";
import { PasteDialog } from "./PasteDialog";
import { FileSentence } from "./FileSentence";
import { asLastImport, guessed, type Beginning } from "./lastImport";
import { FileProblem } from "./readFile";
import { useFileText, type Remote } from "./remote";
import { guessRoles, type Roles } from "./roles";
import { AS_FOUND, readSample, type Reading, type Sample } from "./sample";
import { choicesOf, missingColumns, readingOf } from "./savedMapping";
import { SavedMappings, type ChosenMapping } from "./SavedMappings";
import { StepActions } from "./StepActions";
import { useNewName } from "./useNewName";
import css from "./wizard.module.css";

const PREVIEW_ROWS = 20;
const SHOWN_CHARACTERS = 200;
const NEW = "new";

interface FileStepProps {
  draft: Draft;
  change: (part: Partial<Draft>) => void;
  file: File | null;
  sample: Sample | null;
  suggestedDatasetId: string | null;
  onAccept: (file: File, sample: Sample, part: Partial<Draft>) => void;
  onNext: () => void;
}

/** Drop, browse, paste or enter an address; the first megabyte shows at once what is inside. */
export function FileStep({ draft, change, file, sample, suggestedDatasetId, onAccept, onNext }: FileStepProps) {
  const t = useText();
  const format = useFormat();
  const limitBytes = useMe().data?.features.max_upload_bytes ?? 0;
  const datasets = useDatasets().data ?? [];
  const input = useRef<HTMLInputElement>(null);
  const [isOver, setOver] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const [dialog, setDialog] = useState<"paste" | "address" | null>(null);
  const [mapping, setMapping] = useState<ChosenMapping | null>(null);
  const [isBeginning, setBeginning] = useState(false);
  const turn = useRef(0);
  const [pasted, setPasted] = useState("");
  const [url, setUrl] = useState(draft.remote?.url ?? "");
  const fileText = useFileText();
  const newName = useNewName(file && draft.datasetId === null ? draft.newName : null);
  const writable = datasets.filter((dataset) => dataset.access.can_write);

  /** Says why a file is not taken; outside of a dialog also which, and that the former one stays. */
  function refuse(chosen: File, why: string) {
    const stays = file && chosen !== file ? t("wizard.former_stays", { file: file.name }) : "";
    setProblem(dialog ? why : `${t("wizard.refused", { file: chosen.name, why })} ${stays}`);
  }

  /** Reads a file; null, with the reason said, when it cannot be read. */
  async function read(chosen: File, reading: Reading): Promise<Sample | null> {
    setProblem(null);
    setMapping(null);
    turn.current += 1;
    setBeginning(false);
    try {
      return await readSample(chosen, reading);
    } catch (error) {
      refuse(chosen, error instanceof FileProblem ? t(`wizard.problem.${error.code}`) : t("wizard.problem.unreadable"));
      return null;
    }
  }

  /** Takes a file; of one that is `remote` it is the beginning. */
  async function choose(chosen: File | undefined, remote: Remote | null = null) {
    if (!chosen) return;
    if (limitBytes > 0 && chosen.size > limitBytes) {
      refuse(chosen, t("wizard.too_large", { size: format.bytes(chosen.size), limit: format.bytes(limitBytes) }));
      return;
    }
    const found = await read(chosen, AS_FOUND);
    if (!found) return;
    const target = writable.find((dataset) => dataset.id === (draft.datasetId ?? suggestedDatasetId));
    const { sample: begun, choices } = await begin(chosen, found, target);
    onAccept(chosen, begun, {
      ...AS_FOUND,
      remote,
      isZoneChosen: false,
      checkId: null,
      checkedMapping: null,
      datasetId: target?.id ?? null,
      newName: draft.newName || freeName(nameOf(chosen.name), datasets.map((dataset) => dataset.name)),
      ...(target ? { ...settingsOf(target), timezone: target.time_zone } : settingsOfNew(choices.roles)),
      ...choices,
    });
    setDialog(null);
  }

  /** What a file means to begin with: as in the last import of such a file into the same dataset, else by guess. */
  async function begin(known: File, found: Sample, target: Dataset | undefined): Promise<Beginning> {
    const like = target && (await asLastImport(known, found, target.id));
    return like ?? { sample: found, choices: guessed(draft, found) };
  }

  /** Sends the events to another dataset; columns that nobody has chosen yet begin anew with it. */
  async function aim(known: File, read: Sample, target: Dataset | undefined) {
    const isChosen = draft.isZoneChosen || (draft.columnsAs === null && JSON.stringify(draft.roles) !== JSON.stringify(guessRoles(read.columns).roles));
    change({
      datasetId: target?.id ?? null,
      checkId: null,
      checkedMapping: null,
      ...(target ? { ...settingsOf(target), ...(!draft.isZoneChosen && { timezone: target.time_zone }) } : settingsOfNew(draft.roles)),
    });
    const own = (turn.current += 1);
    setBeginning(!isChosen);
    if (isChosen) return;
    const { sample: begun, choices } = await begin(known, read, target);
    // The reader may have chosen something else meanwhile.
    if (own !== turn.current) return;
    setBeginning(false);
    onAccept(known, begun, { ...choices, ...(!target && settingsOfNew(choices.roles)) });
  }

  /** Other meanings of the columns, with what they change for a new dataset. */
  const meaning = (part: Partial<Draft> & Pick<Draft, "roles">): Partial<Draft> => ({ ...part, ...(draft.datasetId === null && settingsOfNew(part.roles)) });

  /** Reads the same file as corrected; what its columns mean stays as it is while they are the same. */
  async function correct(known: File, former: Sample, reading: Reading) {
    const found = await read(known, reading);
    if (found) onAccept(known, found, { ...reading, ...(JSON.stringify(found.headers) !== JSON.stringify(former.headers) && meaning(guessed(draft, found))) });
  }

  /** Reads the same file as a saved mapping says, if that finds all of its columns. */
  async function apply(known: File, saved: Mapping) {
    const reading = readingOf(saved);
    const found = await read(known, reading);
    if (!found) return;
    const missing = missingColumns(saved, found);
    if (missing.length === 0) onAccept(known, found, { ...reading, ...meaning(choicesOf(saved, found)), columnsAs: null });
    setMapping({ name: saved.name, missing });
  }

  function drop(event: DragEvent) {
    event.preventDefault();
    setOver(false);
    void choose(event.dataTransfer.files[0]);
  }

  return (
    <div className={css.stack}>
      <div
        className={css.drop}
        data-over={isOver}
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={drop}
      >
        <IconFileUpload size={30} stroke={1.5} />
        <p className={css.dropText}>{file ? fileText(file, draft.remote) : t("wizard.drop")}</p>
        <div className={css.choices}>
          <Button variant={file ? "default" : "filled"} onClick={() => input.current?.click()}>
            {t(file ? "wizard.other_file" : "wizard.browse")}
          </Button>
          <Button
            variant="default"
            leftSection={<IconClipboardText size={16} stroke={1.7} />}
            onClick={() => {
              setProblem(null);
              setDialog("paste");
            }}
          >
            {t("wizard.paste_title")}
          </Button>
          <Button
            variant="default"
            leftSection={<IconLink size={16} stroke={1.7} />}
            onClick={() => {
              setProblem(null);
              setDialog("address");
            }}
          >
            {t("wizard.address_title")}
          </Button>
        </div>
        <p className={css.limit}>{t("wizard.limit", { limit: format.bytes(limitBytes) })}</p>
        <input
          ref={input}
          type="file"
          hidden
          accept=".csv,.tsv,.txt,.gz,text/csv,application/gzip"
          aria-label={t("wizard.browse")}
          onChange={(event) => {
            void choose(event.currentTarget.files?.[0]);
            event.currentTarget.value = "";
          }}
        />
      </div>
      {dialog === "paste" && (
        <PasteDialog
          text={pasted}
          problem={problem}
          onChange={setPasted}
          onUse={choose}
          onClose={() => {
            setProblem(null);
            setDialog(null);
          }}
        />
      )}
      {dialog === "address" && (
        <AddressDialog
          url={url}
          problem={problem}
          onChange={setUrl}
          onUse={choose}
          onClose={() => {
            setProblem(null);
            setDialog(null);
          }}
        />
      )}
      {problem && !dialog && <Note tone="danger">{problem}</Note>}
      {!file && (
        <Card title={t("home.first.example_instead")}>
          <Examples />
        </Card>
      )}
      {file && sample && (
        <>
          <SavedMappings file={file} chosen={mapping} onChoose={(saved) => void apply(file, saved)} />
          <FileSentence draft={draft} sample={sample} onReading={(reading) => void correct(file, sample, reading)} onDecimalSign={(decimalSign) => change({ decimalSign })} />
          <div className={css.preview} tabIndex={0} role="region" aria-label={t("wizard.preview", { count: Math.min(PREVIEW_ROWS, sample.rows.length) })}>
            <DataTable
              caption={t("wizard.preview", { count: Math.min(PREVIEW_ROWS, sample.rows.length) })}
              rows={sample.rows.slice(0, PREVIEW_ROWS).map((row, index) => ({ row, index }))}
              rowKey={({ index }) => String(index)}
              columns={sample.headers.map((header, place) => ({ key: `${place}`, label: header || t("wizard.no_header"), render: ({ row }: { row: string[] }) => shown(row[place] ?? "") }))}
            />
          </div>
          <div className={css.pair}>
            <Select
              label={t("wizard.into")}
              data={[{ value: NEW, label: t("wizard.new_dataset") }, ...writable.map((dataset) => ({ value: dataset.id, label: dataset.name }))]}
              value={draft.datasetId ?? NEW}
              allowDeselect={false}
              searchable
              onChange={(value) => void aim(file, sample, writable.find((dataset) => dataset.id === value))}
            />
            {draft.datasetId === null && <TextInput label={t("wizard.new_name")} value={draft.newName} maxLength={100} onChange={(event) => change({ newName: event.currentTarget.value })} error={newName.problem} />}
          </div>
          <StepActions nextLabel={t("wizard.next.columns")} onNext={onNext} isDisabled={newName.problem !== null} isPending={newName.isAsking || isBeginning} />
        </>
      )}
    </div>
  );
}

/** An existing dataset keeps its journeys and goal unless the reader changes them. */
function settingsOf(dataset: Dataset): Partial<Draft> {
  return { unit: journeyUnit(dataset), gapMinutes: dataset.session_gap_minutes ?? 30, goal: dataset.goal_activity };
}

function settingsOfNew(roles: Roles): Partial<Draft> {
  return { unit: Object.values(roles).includes("session_id") ? "session" : "customer", goal: null };
}

/** A value may be as long as the whole preview. */
const shown = (value: string): string => (value.length > SHOWN_CHARACTERS ? `${value.slice(0, SHOWN_CHARACTERS)}…` : value);

/** "orders-2024_06.csv.gz" -> "orders 2024 06". */
function nameOf(fileName: string): string {
  return fileName.replace(/\.(csv|tsv|txt|gz)$/gi, "").replace(/\.(csv|tsv|txt)$/i, "").replace(/[_-]+/g, " ").trim().slice(0, 90);
}
