import { Radio } from "@mantine/core";
import { IconCircleCheck } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect, useEffectEvent, useRef } from "react";
import { api } from "@/api/client";
import type { Import } from "@/api/types";
import { T, useText } from "@/messages";
import { useFormat } from "@/shared/format";
import { ErrorState, LoadingRows, Note } from "@/shared/ui";
import { Findings } from "../Findings";
import { ImportProgress } from "../ImportPage";
import { useImport } from "../useImport";
import { buildMapping } from "./roles";
import { StepActions } from "./StepActions";
import type { StepProps } from "./draft";
import css from "./wizard.module.css";

/**
 * The whole file is read by the server without taking anything in; what it finds is shown by cause.
 * The check leaves the names of steps alone, because the next step shows which steps get which name.
 */
export function CheckStep({ draft, change, file, sample, goTo }: StepProps) {
  const t = useText();
  const format = useFormat();
  const client = useQueryClient();
  const mapping = JSON.stringify(buildMapping(file.name, draft, sample));
  const start = useMutation({
    mutationFn: async () => {
      const form = new FormData();
      form.set("mapping", mapping);
      form.set("check_only", "true");
      if (draft.remote) form.set("url", draft.remote.url);
      else form.set("file", file, file.name);
      // A new dataset is made by the import, so that a draft leaves none behind.
      const check = await api.post<Import>(draft.datasetId === null ? "/imports" : `/datasets/${draft.datasetId}/imports`, form);
      change({ checkId: check.id, checkedMapping: mapping });
      await client.invalidateQueries({ queryKey: ["imports"] });
    },
  });
  const isChecked = draft.checkId !== null && draft.checkedMapping === mapping;
  const hasBegun = useRef(false);
  const begin = useEffectEvent(() => {
    if (isChecked || hasBegun.current) return;
    hasBegun.current = true;
    start.mutate();
  });
  useEffect(() => begin(), []);
  const query = useImport(isChecked ? draft.checkId : null);
  const check = query.data;
  const isDone = check?.status === "completed";
  const hasRejected = (check?.rows_rejected ?? 0) > 0;

  return (
    <div className={css.stack}>
      {start.isError && <ErrorState error={start.error} title={t("wizard.check_failed")} onRetry={() => start.mutate()} />}
      {query.isError && <ErrorState error={query.error} title={t("wizard.check_failed")} onRetry={() => start.mutate()} />}
      {start.isPending && <p role="status">{draft.remote ? t("wizard.fetching", { host: new URL(draft.remote.url).host }) : t("wizard.uploading", { size: format.bytes(file.size) })}</p>}
      {!start.isError && !query.isError && !check && <LoadingRows rows={4} />}
      {check && (check.status === "queued" || check.status === "running") && <ImportProgress item={check} />}
      {check?.error && <Note tone="danger">{check.error.detail}</Note>}
      {check?.status === "cancelled" && <Note tone="warn">{t("wizard.check_cancelled")}</Note>}
      {check && isDone && (
        <>
          <Note tone={check.rows_accepted === 0 ? "danger" : hasRejected ? "warn" : "good"} icon={hasRejected ? undefined : <IconCircleCheck size={16} stroke={1.7} />}>
            <T id={check.rows_accepted === 0 ? "wizard.none_fine" : hasRejected ? "wizard.some_fine" : "wizard.all_fine"} values={{ fine: format.number(check.rows_accepted), total: format.number(check.rows_read) }} />{" "}
            {check.rows_duplicate > 0 && t("wizard.duplicates", { count: check.rows_duplicate })}
          </Note>
          <Findings item={check} />
          {hasRejected && <p className={css.aside}>{t("wizard.first_fault")}</p>}
          {hasRejected && check.rows_accepted > 0 && (
            <Radio.Group label={t("wizard.bad_rows")} value={draft.isAllOrNothing ? "stop" : "keep"} onChange={(value) => change({ isAllOrNothing: value === "stop" })}>
              <div className={css.options}>
                <Radio value="keep" label={t("wizard.keep_good", { count: check.rows_accepted })} description={t("wizard.keep_good_text")} />
                <Radio value="stop" label={t("wizard.all_or_nothing")} description={t("wizard.all_or_nothing_text")} />
              </div>
            </Radio.Group>
          )}
        </>
      )}
      <StepActions
        nextLabel={t("wizard.next.journeys")}
        onBack={() => goTo("columns")}
        onNext={() => goTo("journeys")}
        isDisabled={!isDone || check.rows_accepted === 0 || (draft.isAllOrNothing && hasRejected)}
        hint={isDone && draft.isAllOrNothing && hasRejected ? t("wizard.stopped") : null}
      />
    </div>
  );
}
