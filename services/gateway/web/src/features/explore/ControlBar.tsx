import { SegmentedControl, Skeleton, Slider } from "@mantine/core";
import type { ReactNode } from "react";
import { useText } from "@/messages";
import { useScope } from "@/shared/scope";
import { HelpHover } from "@/shared/ui";
import type { MapMode } from "./draw/scene";
import css from "./explore.module.css";

export interface DataSliderProps {
  label: string;
  /** A "?" after the label. */
  help?: ReactNode;
  /** What the value means in the data: "11 of 19 · 90% of events"; null while that is not known. */
  text: string | null;
  /** The same for a screen reader. */
  spoken: string;
  min: number;
  max: number;
  step: number;
  value: number;
  onDrag: (value: number) => void;
  onRelease: (value: number) => void;
}

/** A slider that speaks data. */
export function DataSlider({ label, help, text, spoken, min, max, step, value, onDrag, onRelease }: DataSliderProps) {
  return (
    <div className={css.slider}>
      <div className={css.sliderHead}>
        <b>
          {label} {help}
        </b>
        {text === null ? <Skeleton component="span" height={14} width={130} /> : <span>{text}</span>}
      </div>
      {text === null ? (
        <Skeleton height={4} my={6} />
      ) : (
        <Slider
          size={4}
          thumbSize={16}
          label={null}
          classNames={{ root: css.sliderRoot, track: css.sliderTrack, bar: css.sliderBar, thumb: css.sliderThumb }}
          {...{ min, max, step, value }}
          disabled={min >= max}
          onChange={onDrag}
          onChangeEnd={onRelease}
          thumbLabel={label}
          thumbValueText={spoken}
        />
      )}
    </div>
  );
}

/** What makes one journey: a session or the whole customer. */
export function UnitSwitch() {
  const t = useText();
  const { unit, pause, setScope } = useScope();
  return (
    <SegmentedControl
      size="sm"
      classNames={{ label: css.segment }}
      aria-label={t("explore.journeys_by")}
      value={unit}
      onChange={(value) => setScope({ unit: value === "session" ? "session" : "customer" })}
      data={[
        { value: "session", label: unit === "session" && pause > 0 ? t("explore.journeys_by.session_pause", { minutes: pause }) : t("explore.journeys_by.session") },
        { value: "customer", label: t("explore.journeys_by.customer") },
      ]}
    />
  );
}

/** Frequency or waiting time. */
export function ModeSwitch({ mode, onChange }: { mode: MapMode; onChange: (mode: MapMode) => void }) {
  const t = useText();
  return (
    <span className={css.helped}>
      <SegmentedControl
        size="sm"
        classNames={{ root: css.switch, label: css.segment }}
        aria-label={t("explore.mode")}
        value={mode}
        onChange={(value) => onChange(value === "time" ? "time" : "frequency")}
        data={[
          { value: "frequency", label: t("explore.mode.frequency") },
          { value: "time", label: t("explore.mode.time") },
        ]}
      />
      <HelpHover term={t("explore.mode.time")} textId="explore.help.time" helpPage="map" />
    </span>
  );
}
