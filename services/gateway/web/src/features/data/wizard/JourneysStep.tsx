import { NumberInput, Radio, Select } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { api } from "@/api/client";
import { useDataset } from "@/api/hooks";
import type { Import, Page, RowError } from "@/api/types";
import { T, useText } from "@/messages";
import { LoadingRows, NoPermission } from "@/shared/ui";
import { useImport } from "../useImport";
import { previewJourneys } from "./sample";
import { SaveMapping } from "./SaveMapping";
import { StepActions } from "./StepActions";
import { applyRules } from "./stepRules";
import { StepsSection } from "./StepsSection";
import { chosenJourneys, isSessionKnown, type StepProps } from "./draft";
import css from "./wizard.module.css";

/** What makes one journey, with a count from the file's beginning, what steps are called, and which is the goal. */
export function JourneysStep({ draft, change, sample, goTo }: StepProps) {
  const t = useText();
  const check = useImport(draft.checkId).data;
  const dataset = useDataset(draft.datasetId).data;
  const header = (field: string): string => Object.keys(draft.roles).find((name) => draft.roles[name] === field) ?? "";
  const hasSession = isSessionKnown(draft);
  const isFixed = dataset !== undefined && !dataset.access.can_manage;
  const { named } = useMemo(() => applyRules(check?.steps ?? [], draft.stepRules), [check?.steps, draft.stepRules]);
  const { unit, goal } = chosenJourneys(draft, check && named);
  const isGapWrong = unit === "gap" && !(draft.gapMinutes >= 1 && draft.gapMinutes <= 10_080);
  const rejected = useRejectedRows(check, sample.rows.length);
  const rule = { customerHeader: header("customer_id"), timeHeader: header("time"), order: draft.order, gapMinutes: unit === "gap" ? draft.gapMinutes : null };
  const preview = unit === "session" || isGapWrong || !rejected ? null : previewJourneys(sample, { ...rule, rejected });
  return (
    <div className={css.stack}>
      {isFixed && <NoPermission what={dataset.name} owner={dataset.owner} />}
      <Radio.Group label={t("data.form.unit")} value={unit} onChange={(value) => change({ unit: value })}>
        <div className={css.options}>
          <Radio value="customer" disabled={isFixed} label={t("data.unit.customer")} description={t("data.unit.customer_text")} />
          <Radio value="session" disabled={isFixed || !hasSession} label={t("data.unit.session")} description={t(hasSession ? "data.unit.session_text" : "wizard.no_session")} />
          <Radio value="gap" disabled={isFixed} label={t("data.unit.gap")} description={t("data.unit.gap_text")} />
        </div>
      </Radio.Group>
      {unit === "gap" && (
        <NumberInput
          label={t("data.form.gap")}
          min={1}
          max={10_080}
          allowDecimal={false}
          maw={240}
          disabled={isFixed}
          value={draft.gapMinutes}
          onChange={(value) => change({ gapMinutes: Number(value) })}
          error={isGapWrong ? t("data.form.gap_wrong") : undefined}
        />
      )}
      {preview && (
        <p className={css.previewText} role="status">
          <T id="wizard.preview_journeys" values={{ rows: preview.rows, journeys: preview.journeys, steps: preview.medianSteps, whole: sample.isWhole ? "yes" : "no" }} />{" "}
          {!sample.isWhole && unit === "customer" && <T id="wizard.whole_journeys" values={{ journeys: check?.customers ?? 0 }} />}
        </p>
      )}
      {!check ? (
        <LoadingRows rows={2} />
      ) : (
        <>
          <StepsSection steps={check.steps ?? []} eventsCount={check.rows_accepted} rules={draft.stepRules} goal={goal} onChange={(stepRules, goal) => change({ stepRules, goal })} />
          {draft.stepRules.length > 0 && <SaveMapping draft={draft} sample={sample} />}
          <Select
            label={t("data.form.goal")}
            description={t("data.form.goal_text")}
            placeholder={t("data.form.goal_none")}
            data={named.map((step) => ({ value: step.name, label: t("wizard.goal_option", { step: step.name, count: step.count }) }))}
            value={goal}
            disabled={isFixed}
            searchable
            clearable
            maw={420}
            onChange={(value) => change({ goal: value })}
          />
        </>
      )}
      <StepActions nextLabel={t("wizard.next.import")} onBack={() => goTo("check")} onNext={() => goTo("import")} isDisabled={isGapWrong} />
    </div>
  );
}

const PAGE_ROWS = 1000;
const NONE: ReadonlySet<number> = new Set();

/** Numbers of the rows that a check rejected among the first `count`; undefined until they are known. */
function useRejectedRows(check: Import | undefined, count: number): ReadonlySet<number> | undefined {
  const hasRejected = (check?.rows_rejected ?? 0) > 0;
  const rows = useQuery({
    queryKey: ["imports", "one", check?.id, "rejected", count],
    queryFn: async ({ signal }) => {
      const found = new Set<number>();
      let cursor: string | null = null;
      do {
        const page: Page<RowError> = await api.get<Page<RowError>>(`/imports/${check?.id}/errors`, { limit: PAGE_ROWS, cursor }, signal);
        for (const { row } of page.items) found.add(row);
        cursor = (page.items.at(-1)?.row ?? Infinity) < count ? page.next_cursor : null;
      } while (cursor !== null);
      return found;
    },
    enabled: hasRejected,
  });
  return check && !hasRejected ? NONE : rows.data;
}
