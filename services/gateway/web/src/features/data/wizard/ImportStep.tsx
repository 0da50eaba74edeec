import { Button } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useEffectEvent } from "react";
import { api } from "@/api/client";
import { useDataset } from "@/api/hooks";
import type { Dataset, Import, MappingInput } from "@/api/types";
import { useText } from "@/messages";
import { useScopeIn } from "@/shared/scope";
import { ErrorState, LinkButton, Note } from "@/shared/ui";
import { journeyUnit } from "../datasetOptions";
import { ImportProgress } from "../ImportPage";
import { useImport } from "../useImport";
import { dropDraft, type StepProps } from "./draft";
import { useFileText } from "./remote";
import { applyRules } from "./stepRules";
import { StepActions } from "./StepActions";
import css from "./wizard.module.css";

/** Summary, then the import itself, then the map. */
export function ImportStep({ draft, change, file, goTo }: StepProps) {
  const t = useText();
  const fileText = useFileText();
  const navigate = useNavigate();
  const client = useQueryClient();
  const scopeWithin = useScopeIn();
  const dataset = useDataset(draft.datasetId).data;
  const check = useImport(draft.checkId).data;
  const running = useImport(draft.importId);
  const item = running.data;
  const start = useMutation({
    mutationFn: async () => {
      if (!dataset || !draft.checkedMapping || !draft.checkId) throw new Error("check");
      const wanted = { case: draft.unit === "customer" ? ("customer" as const) : ("session" as const), session_gap_minutes: draft.unit === "gap" ? draft.gapMinutes : null, goal_activity: draft.goal };
      const isSame = dataset.case === wanted.case && dataset.session_gap_minutes === wanted.session_gap_minutes && dataset.goal_activity === wanted.goal_activity;
      if (!isSame && dataset.access.can_manage) await api.patch<Dataset>(`/datasets/${dataset.id}`, wanted);
      const form = new FormData();
      form.set("from_import_id", draft.checkId);
      form.set("mapping", JSON.stringify({ ...(JSON.parse(draft.checkedMapping) as MappingInput), step_rules: draft.stepRules }));
      if (draft.isAllOrNothing) form.set("all_or_nothing", "true");
      const started = await api.post<Import>(`/datasets/${dataset.id}/imports`, form);
      change({ importId: started.id });
      await dropDraft();
      await client.invalidateQueries({ queryKey: ["imports"] });
    },
  });
  const isIn = item?.status === "completed";
  const openMap = useEffectEvent(async () => {
    await client.invalidateQueries({ queryKey: ["datasets"] });
    await navigate({ to: "/explore/map", search: { dataset: draft.datasetId ?? undefined } });
  });
  useEffect(() => {
    if (isIn) void openMap();
  }, [isIn]);

  if (draft.importId !== null) {
    return (
      <div className={css.stack}>
        {running.isError && <ErrorState error={running.error} onRetry={() => void running.refetch()} />}
        {item && (item.status === "queued" || item.status === "running") && <ImportProgress item={item} />}
        {item?.error && <Note tone="danger">{item.error.detail}</Note>}
        {item?.status === "cancelled" && <Note>{t("data.cancelled_text")}</Note>}
        {item && (
          <div>
            <LinkButton variant="default" to="/data/imports/$importId" params={{ importId: item.id }} search={scopeWithin(item.dataset_id)}>
              {t("wizard.show_import")}
            </LinkButton>
          </div>
        )}
      </div>
    );
  }
  const steps = check?.steps ?? [];
  const rows: [string, string][] = [
    [t("wizard.summary.file"), fileText(file, draft.remote)],
    [t("wizard.summary.into"), dataset?.name ?? ""],
    [t("wizard.summary.rows"), t("wizard.summary.rows_value", { fine: check?.rows_accepted ?? 0, bad: check?.rows_rejected ?? 0 })],
    [t("wizard.summary.journey"), t(`data.unit.${dataset && !dataset.access.can_manage ? journeyUnit(dataset) : draft.unit}_short`, { minutes: draft.gapMinutes })],
    ...(draft.stepRules.length > 0 ? ([[t("wizard.summary.steps"), t("wizard.steps_become", { before: steps.length, after: applyRules(steps, draft.stepRules).named.length })]] satisfies [string, string][]) : []),
    [t("wizard.summary.goal"), draft.goal ?? t("data.form.goal_none")],
  ];
  return (
    <div className={css.stack}>
      <dl className={css.summary}>
        {rows.map(([label, value]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {start.isError && <ErrorState error={start.error} title={t("wizard.import_failed")} onRetry={() => start.mutate()} />}
      <StepActions nextLabel={t("wizard.do_import")} onBack={() => goTo("journeys")} onNext={() => start.mutate()} isPending={start.isPending} isDisabled={!dataset || !check} />
      {start.isError && (
        <Button variant="subtle" onClick={() => goTo("check")}>
          {t("wizard.back_to_check")}
        </Button>
      )}
    </div>
  );
}
