import { NumberInput, Radio, Select, Switch, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useEffect, useEffectEvent, useRef } from "react";
import { ApiError } from "@/api/client";
import type { DatasetInput } from "@/api/types";
import { useText } from "@/messages";
import { checkAfterPress } from "@/shared/afterPress";
import { HelpHover, Note, useErrorText } from "@/shared/ui";
import css from "./data.module.css";
import { FormActions } from "./FormActions";
import { journeyUnit, TIME_ZONES, type JourneyUnit } from "./datasetOptions";

export interface DatasetFormValues {
  name: string;
  is_public: boolean;
  time_zone: string;
  unit: JourneyUnit;
  gapMinutes: number;
  goal_activity: string | null;
}

/** The values as the API takes them. */
export function datasetInput(values: DatasetFormValues): DatasetInput {
  return {
    name: values.name.trim(),
    is_public: values.is_public,
    time_zone: values.time_zone,
    case: values.unit === "customer" ? "customer" : "session",
    session_gap_minutes: values.unit === "gap" ? values.gapMinutes : null,
    goal_activity: values.goal_activity,
  };
}

/** The form's values of a dataset, or of a new one. */
export function datasetValues(dataset: DatasetInput | null): DatasetFormValues {
  return {
    name: dataset?.name ?? "",
    is_public: dataset?.is_public ?? false,
    time_zone: dataset?.time_zone ?? Intl.DateTimeFormat().resolvedOptions().timeZone,
    unit: dataset ? journeyUnit(dataset) : "customer",
    gapMinutes: dataset?.session_gap_minutes ?? 30,
    goal_activity: dataset?.goal_activity ?? null,
  };
}

interface DatasetFormProps {
  initial: DatasetFormValues;
  /** Steps the goal can be chosen from; without any the goal is not asked. */
  steps: string[];
  /** Whether events are there and none has a session id. */
  lacksSessionIds?: boolean;
  submitLabel: string;
  isPending: boolean;
  isDisabled?: boolean;
  error: Error | null;
  onSubmit: (values: DatasetFormValues) => void;
  onCancel?: () => void;
}

/** Name, visibility, time zone, journey unit and goal of a dataset. */
export function DatasetForm({ initial, steps, lacksSessionIds = false, submitLabel, isPending, isDisabled = false, error, onSubmit, onCancel }: DatasetFormProps) {
  const t = useText();
  const errorText = useErrorText();
  const form = useForm({
    initialValues: initial,
    validateInputOnBlur: true,
    enhanceGetInputProps: checkAfterPress,
    validate: {
      name: (value) => (value.trim() ? null : t("data.form.name_missing")),
      gapMinutes: (value, values) => (values.unit === "gap" && !(value >= 1 && value <= 10_080) ? t("data.form.gap_wrong") : null),
    },
    onSubmitPreventDefault: "always",
  });
  const nameProblem = error instanceof ApiError && error.errors.some((problem) => problem.field === "name");
  const nameRef = useRef<HTMLInputElement>(null);
  const tell = useEffectEvent((failure: Error | null) => {
    if (!failure || !nameProblem) return;
    form.setFieldError("name", failure.message);
    nameRef.current?.focus();
  });
  useEffect(() => tell(error), [error]);
  const known = useRef(initial);
  /** Takes over what others changed meanwhile, but for what is being typed. */
  const renew = useEffectEvent(() => {
    const former = known.current;
    known.current = initial;
    const typed = Object.entries(form.getValues()).filter(([key, value]) => value !== former[key as keyof DatasetFormValues]);
    form.setValues({ ...initial, ...Object.fromEntries(typed) });
  });
  const asKnown = JSON.stringify(initial);
  useEffect(() => {
    if (asKnown !== JSON.stringify(known.current)) renew();
  }, [asKnown]);
  return (
    <form className={css.form} onSubmit={form.onSubmit(onSubmit, (_, __, event) => (event?.currentTarget as HTMLElement | undefined)?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus())} noValidate>
      <fieldset className={css.fields} disabled={isDisabled}>
        <TextInput label={t("data.form.name")} maxLength={120} autoFocus={onCancel !== undefined} ref={nameRef} {...form.getInputProps("name")} />
        <Select
          label={t("data.form.time_zone")}
          description={t("data.form.time_zone_text")}
          data={TIME_ZONES}
          searchable
          allowDeselect={false}
          nothingFoundMessage={t("data.form.no_zone")}
          {...form.getInputProps("time_zone")}
        />
        <Radio.Group label={t("data.form.unit")} description={t("data.form.unit_text")} {...form.getInputProps("unit")}>
          <div className={css.options}>
            <Radio value="customer" label={t("data.unit.customer")} description={t("data.unit.customer_text")} />
            <Radio value="session" label={t("data.unit.session")} description={t(lacksSessionIds ? "data.unit.session_lacking" : "data.unit.session_text")} />
            <Radio value="gap" label={t("data.unit.gap")} description={t("data.unit.gap_text")} />
          </div>
        </Radio.Group>
        {form.values.unit === "gap" && <NumberInput label={t("data.form.gap")} min={1} max={10_080} allowDecimal={false} maw={240} {...form.getInputProps("gapMinutes")} />}
        {steps.length > 0 && (
          <Select
            label={
              <>
                {t("data.form.goal")} <HelpHover term={t("data.form.goal")} textId="data.form.goal_help" helpPage="glossary" />
              </>
            }
            aria-label={t("data.form.goal")}
            description={t("data.form.goal_text")}
            data={steps}
            searchable
            clearable
            placeholder={t("data.form.goal_none")}
            {...form.getInputProps("goal_activity")}
          />
        )}
        <Switch label={t("data.form.public")} description={t("data.form.public_text")} {...form.getInputProps("is_public", { type: "checkbox" })} />
        {error && !nameProblem && <Note tone="danger">{errorText(error)}</Note>}
        <FormActions loading={isPending} onCancel={onCancel}>
          {submitLabel}
        </FormActions>
      </fieldset>
    </form>
  );
}
