import { IconCircleCheck } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect, useEffectEvent, useRef, useState } from "react";
import { api, ApiError } from "@/api/client";
import type { Import } from "@/api/types";
import { T, useText } from "@/messages";
import { useFormat } from "@/shared/format";
import { ErrorState, LoadingRows, Note } from "@/shared/ui";
import { faultKey, Findings } from "../Findings";
import { ImportProgress } from "../ImportPage";
import { useImport } from "../useImport";
import type { StepProps } from "./draft";
import { FaultChoice } from "./FaultChoice";
import { buildMapping } from "./roles";
import { SaveMapping } from "./SaveMapping";
import { StepActions } from "./StepActions";
import css from "./wizard.module.css";

/**
 * The whole file is read by the server without taking anything in; what it finds is shown by cause, each with a choice.
 * A choice is checked at once; until the new counts are there, the former stay.
 * The check leaves the names of steps alone, because the next step shows which steps get which name.
 */
export function CheckStep({ draft, change, file, sample, goTo }: StepProps) {
  const t = useText();
  const format = useFormat();
  const client = useQueryClient();
  const mapping = JSON.stringify(buildMapping(file.name, draft, sample));
  const start = useMutation({
    mutationFn: async (wanted: string) => {
      const former = draft.checkId;
      // A new dataset is made by the import, so that a draft leaves none behind.
      const open = (source: string, value: string | File): Promise<Import> => {
        const form = new FormData();
        form.set("mapping", wanted);
        form.set("check_only", "true");
        form.set(source, value);
        return api.post<Import>(draft.datasetId === null ? "/imports" : `/datasets/${draft.datasetId}/imports`, form);
      };
      const send = (): Promise<Import> => (draft.remote ? open("url", draft.remote.url) : open("file", file));
      const check = await (former === null
        ? send()
        : open("from_import_id", former).catch((error: unknown) => {
            // The server keeps a file for a day.
            if (error instanceof ApiError && (error.reason === "file_gone" || error.reason === "import_not_found")) return send();
            throw error;
          }));
      change({ checkId: check.id, checkedMapping: wanted });
      if (former !== null) await api.delete(`/imports/${former}`).catch(() => undefined);
      await client.invalidateQueries({ queryKey: ["imports"] });
    },
  });
  const isChecked = draft.checkId !== null && draft.checkedMapping === mapping;
  const begun = useRef("");
  const begin = useEffectEvent(() => {
    if (isChecked || start.isPending || begun.current === mapping) return;
    begun.current = mapping;
    start.mutate(mapping);
  });
  useEffect(() => begin(), [mapping, start.isPending]);
  const query = useImport(isChecked ? draft.checkId : null);
  const check = query.data;
  const hasEnded = check?.status === "completed" || check?.status === "failed";
  const [former, setFormer] = useState<Import | null>(null);
  if (check && hasEnded && check !== former) setFormer(check);
  const shown = hasEnded ? check : former;
  const isDone = check?.status === "completed";
  const hasRejected = (check?.rows_rejected ?? 0) > 0;
  const isStopped = isDone && (check.findings ?? []).some((finding) => draft.stops.includes(faultKey(finding)));

  return (
    <div className={css.stack}>
      {start.isError && <ErrorState error={start.error} title={t("wizard.check_failed")} onRetry={() => start.mutate(mapping)} />}
      {query.isError && <ErrorState error={query.error} title={t("wizard.check_failed")} onRetry={() => start.mutate(mapping)} />}
      <div className={css.outcome}>
        {!check && (start.isPending || (former && !start.isError && !query.isError)) && (
          <p role="status" className={css.limit}>
            {draft.checkId !== null ? t("wizard.checking_again") : draft.remote ? t("wizard.fetching", { host: new URL(draft.remote.url).host }) : t("wizard.uploading", { size: format.bytes(file.size) })}
          </p>
        )}
        {!start.isError && !query.isError && !check && !former && <LoadingRows rows={4} />}
        {check && (check.status === "queued" || check.status === "running") && <ImportProgress item={check} />}
        {check?.error && <Note tone="danger">{check.error.detail}</Note>}
        {check?.status === "cancelled" && <Note tone="warn">{t("wizard.check_cancelled")}</Note>}
        {check && isDone && (
          <Note tone={check.rows_accepted === 0 ? "danger" : hasRejected ? "warn" : "good"} icon={hasRejected ? undefined : <IconCircleCheck size={16} stroke={1.7} />}>
            <T id={check.rows_accepted === 0 ? "wizard.none_fine" : hasRejected ? "wizard.some_fine" : "wizard.all_fine"} values={{ fine: check.rows_accepted, total: check.rows_read }} />{" "}
            {check.rows_duplicate > 0 && t("wizard.duplicates", { count: check.rows_duplicate })}
          </Note>
        )}
      </div>
      {shown && <Findings item={shown} choice={(finding, headId) => <FaultChoice finding={finding} headId={headId} draft={draft} change={change} />} />}
      {(shown?.rows_rejected ?? 0) > 0 && <p className={css.aside}>{t("wizard.first_fault")}</p>}
      {isDone && Object.values(draft.repairs).some((repairs) => repairs.length > 0) && <SaveMapping draft={draft} sample={sample} />}
      <StepActions
        nextLabel={t("wizard.next.journeys")}
        onBack={() => goTo("columns")}
        onNext={() => goTo("journeys")}
        isDisabled={!isDone || check.rows_accepted === 0 || isStopped}
        hint={isStopped ? t("wizard.stopped") : null}
      />
    </div>
  );
}
