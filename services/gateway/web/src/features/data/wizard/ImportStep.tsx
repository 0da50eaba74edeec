import { Button, Radio } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useEffectEvent, useState } from "react";
import { api, ApiError } from "@/api/client";
import { createDataset, useDataset } from "@/api/hooks";
import type { Dataset, Import, MappingInput } from "@/api/types";
import { T, useText } from "@/messages";
import { rememberDataset, useScopeIn } from "@/shared/scope";
import { ErrorState, LinkButton, Note } from "@/shared/ui";
import { datasetInput } from "../DatasetForm";
import { journeyUnit } from "../datasetOptions";
import { repairText } from "../Findings";
import { ImportProgress } from "../ImportPage";
import { TypedConfirm } from "../TypedConfirm";
import { useImport } from "../useImport";
import { chosenJourneys, dropDraft, type StepProps } from "./draft";
import { useImportNote } from "./ImportNote";
import { useFileText } from "./remote";
import { applyRules } from "./stepRules";
import { StepActions } from "./StepActions";
import css from "./wizard.module.css";

const POLL_MS = 1000;
/** Part of the file from which on the map is worth a look. */
const FIRST_RATIO = 0.1;

/** Summary, then the import itself, then the map as soon as there is something to see; a message follows the import to its end. */
export function ImportStep({ draft, change, file, goTo }: StepProps) {
  const t = useText();
  const fileText = useFileText();
  const navigate = useNavigate();
  const client = useQueryClient();
  const scopeWithin = useScopeIn();
  const follow = useImportNote();
  const [eventsBefore, setEventsBefore] = useState(0);
  const dataset = useDataset(draft.datasetId).data;
  const check = useImport(draft.checkId).data;
  const running = useImport(draft.importId);
  const item = running.data;
  const isNew = draft.datasetId === null;
  const canReplace = dataset?.access.can_manage ?? false;
  const replaces = draft.replaces && canReplace && (dataset?.events ?? 0) > 0;
  const [isConfirming, setConfirming] = useState(false);
  const isReady = check !== undefined && (isNew || dataset !== undefined);
  const steps = check?.steps ?? [];
  const { named } = applyRules(steps, draft.stepRules);
  const { unit: chosenUnit, goal } = chosenJourneys(draft, check && named);
  const start = useMutation({
    mutationFn: async () => {
      if (!draft.checkedMapping || !draft.checkId) throw new Error("check");
      const settings = datasetInput({ name: draft.newName, is_public: false, time_zone: draft.timezone, unit: chosenUnit, gapMinutes: draft.gapMinutes, goal_activity: goal });
      const { case: unit, session_gap_minutes, goal_activity } = settings;
      const isSame = dataset && dataset.case === unit && dataset.session_gap_minutes === session_gap_minutes && dataset.goal_activity === goal_activity;
      if (dataset && !isSame && dataset.access.can_manage) await api.patch<Dataset>(`/datasets/${dataset.id}`, { case: unit, session_gap_minutes, goal_activity });
      const form = new FormData();
      form.set("from_import_id", draft.checkId);
      form.set("mapping", JSON.stringify({ ...(JSON.parse(draft.checkedMapping) as MappingInput), step_rules: draft.stepRules }));
      if (replaces) form.set("replaces_dataset", "true");
      const datasetId = draft.datasetId ?? (await createDataset(settings)).id;
      const started = await api.post<Import>(`/datasets/${datasetId}/imports`, form).catch(async (error: unknown) => {
        if (isNew) await api.delete(`/datasets/${datasetId}?for_good=true`).catch(() => undefined);
        throw error;
      });
      setEventsBefore(dataset?.events ?? 0);
      change({ datasetId, importId: started.id });
      await dropDraft();
      await Promise.all([client.invalidateQueries({ queryKey: ["imports"] }), client.invalidateQueries({ queryKey: ["datasets"] })]);
    },
  });
  const isIn = item?.status === "completed";
  const growing = useQuery({
    queryKey: ["imports", "one", draft.importId, "dataset"],
    queryFn: ({ signal }) => api.get<Dataset>(`/datasets/${draft.datasetId}`, {}, signal),
    // What replaces a dataset is seen when all of it is in.
    enabled: draft.datasetId !== null && item?.status === "running" && !item.replaces_dataset && item.progress_ratio >= FIRST_RATIO,
    refetchInterval: POLL_MS,
  });
  const hasFirst = isIn || (growing.data?.events ?? 0) > eventsBefore;
  const openMap = useEffectEvent(async () => {
    await client.invalidateQueries({ queryKey: ["datasets"] });
    if (draft.datasetId) rememberDataset(draft.datasetId);
    await navigate({ to: "/explore/map", search: { dataset: draft.datasetId ?? undefined } });
    if (document.activeElement === document.body) document.getElementById("content")?.focus({ preventScroll: true });
  });
  useEffect(() => {
    if (hasFirst) void openMap();
  }, [hasFirst]);
  // Whoever leaves before the end is told on another page how it ends.
  const leave = useEffectEvent(() => {
    if (draft.importId !== null && item?.status !== "failed" && item?.status !== "cancelled") follow(draft.importId, file.name);
  });
  useEffect(() => () => leave(), []);

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
  // Somebody took the name since it was typed.
  const isNameTaken = start.error instanceof ApiError && start.error.reason === "dataset_name_taken";
  const repaired = (check?.findings ?? []).filter(({ repair, count }) => repair !== null && count > 0).map((finding) => `${t("common.rows", { count: finding.count })}: ${repairText(t, finding)}`);
  // What replaces a dataset finds nothing of it there.
  const known = replaces ? 0 : (check?.rows_duplicate ?? 0);
  const rows: [string, string][] = [
    [t("wizard.summary.file"), fileText(file, draft.remote)],
    [t(replaces ? "wizard.summary.replaces" : "wizard.summary.into"), isNew ? draft.newName : (dataset?.name ?? "")],
    [t("wizard.summary.rows"), [t("wizard.summary.rows_value", { fine: check?.rows_accepted ?? 0, bad: check?.rows_rejected ?? 0 }), ...(known > 0 ? [t("wizard.duplicates", { count: known })] : [])].join(". ")],
    ...(repaired.length > 0 ? ([[t("wizard.summary.repaired"), repaired.join(" ")]] satisfies [string, string][]) : []),
    [t("wizard.summary.journey"), t(`data.unit.${dataset && !dataset.access.can_manage ? journeyUnit(dataset) : chosenUnit}_short`, { minutes: draft.gapMinutes })],
    ...(draft.stepRules.length > 0 ? ([[t("wizard.summary.steps"), t("wizard.steps_become", { before: steps.length, after: named.length })]] satisfies [string, string][]) : []),
    [t("wizard.summary.goal"), goal ?? t("data.form.goal_none")],
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
      {dataset && dataset.events > 0 && (
        <Radio.Group label={t("wizard.what_is_there", { count: dataset.events, name: dataset.name })} value={replaces ? "replace" : "add"} onChange={(value) => change({ replaces: value === "replace" })}>
          <div className={css.options}>
            <Radio value="add" label={t("wizard.add")} description={t("wizard.add_text")} />
            <Radio value="replace" label={t("wizard.replace")} description={canReplace ? t("wizard.replace_text") : t("wizard.replace_locked", { owner: dataset.owner })} disabled={!canReplace} />
          </div>
        </Radio.Group>
      )}
      {start.isError && !isConfirming && <ErrorState error={start.error} title={t("wizard.import_failed")} onRetry={replaces ? undefined : () => start.mutate()} />}
      <StepActions
        nextLabel={t(replaces ? "wizard.do_replace" : "wizard.do_import")}
        onBack={() => goTo("journeys")}
        onNext={() => (replaces ? setConfirming(true) : start.mutate())}
        isPending={start.isPending}
        isDisabled={!isReady}
      />
      {isConfirming && dataset && (
        <TypedConfirm
          title={t("wizard.replace_title", { name: dataset.name })}
          text={<T id="wizard.replace_confirm" values={{ count: dataset.events, name: dataset.name }} />}
          word={dataset.name}
          actionLabel={t("wizard.do_replace")}
          isPending={start.isPending}
          error={start.error}
          onClose={() => setConfirming(false)}
          onConfirm={() => start.mutate()}
        />
      )}
      {start.isError && (
        <Button variant="subtle" onClick={() => goTo(isNameTaken ? "file" : "check")}>
          {t(isNameTaken ? "wizard.other_name" : "wizard.back_to_check")}
        </Button>
      )}
    </div>
  );
}
