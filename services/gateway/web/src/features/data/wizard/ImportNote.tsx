import { useNavigate } from "@tanstack/react-router";
import { useText } from "@/messages";
import { useNotify } from "@/shared/notify";
import { noteRejectedRows } from "../Findings";
import { useImport } from "../useImport";
import css from "./wizard.module.css";

/** Returns a function that follows an import in a message which outlives the page, until its end is told. */
export function useImportNote(): (importId: string, fileName: string) => void {
  const notify = useNotify();
  const navigate = useNavigate();
  return (importId, fileName) => {
    const openMap = (datasetId: string | null): void => void navigate({ to: "/explore/map", search: { dataset: datasetId ?? undefined } });
    notify(<ImportNote importId={importId} fileName={fileName} openMap={openMap} />, { id: `import-${importId}`, autoClose: false });
  };
}

interface ImportNoteProps {
  importId: string;
  fileName: string;
  openMap: (datasetId: string | null) => void;
}

function ImportNote({ importId, fileName, openMap }: ImportNoteProps) {
  const t = useText();
  const item = useImport(importId).data;
  if (!item || item.status === "queued" || item.status === "running") return t(item?.replaces_dataset ? "wizard.note_replacing" : "wizard.note_running", { file: fileName });
  if (item.status === "failed") return t("wizard.note_failed", { file: fileName, detail: item.error?.detail ?? "" });
  if (item.status !== "completed") return t("wizard.note_cancelled", { file: fileName });
  return (
    <>
      {t("wizard.note_finished", { events: item.rows_accepted - item.rows_duplicate, customers: item.customers ?? 0, steps: item.steps?.length ?? 0 })}{" "}
      {item.rows_duplicate > 0 && t("wizard.note_duplicates", { count: item.rows_duplicate })} {item.rows_rejected > 0 && t("wizard.note_skipped", { count: item.rows_rejected })}
      <span className={css.noteActions}>
        <button type="button" onClick={() => openMap(item.dataset_id)}>
          {t("wizard.note_open_map")}
        </button>
        {item.rows_rejected > 0 && (
          <a href={`${item.errors_url}.csv`} download onClick={() => noteRejectedRows(item)}>
            {t("wizard.note_download")}
          </a>
        )}
      </span>
    </>
  );
}
