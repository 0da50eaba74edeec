import { useText } from "@/messages";
import { useFormat } from "@/shared/format";
import { HelpHover } from "@/shared/ui";
import type { Classes } from "../model/classes";
import type { MapMode } from "../draw/scene";
import { scaleWords } from "../mapWords";
import css from "./map.module.css";

const SHADES = [1, 2, 3, 4, 5];

interface LegendProps {
  mode: MapMode;
  classes: Classes;
  unit: string;
  hasGoal: boolean;
  /** Stands in the text instead of floating over the map. */
  isInText?: boolean;
}

/** What colours, bars and marks mean, with the real bounds of the classes. */
export function Legend({ mode, classes, unit, hasGoal, isInText }: LegendProps) {
  const t = useText();
  const f = useFormat();
  const [before, after] = scaleWords(mode, classes, t, f);
  const scale = mode === "time" ? "time" : "freq";
  return (
    <div className={isInText ? css.legendRows : `${css.float} ${css.legend}`}>
      <span className={`${css.legendItem} ${css.scale}`}>
        {before}
        <span className={css.swatches}>
          {SHADES.map((shade) => (
            <span key={shade} style={{ background: `var(--${scale}-${shade})` }} />
          ))}
        </span>
        {after}
      </span>
      <span className={css.legendItem}>
        <span className={css.waySwatch} data-mode={mode} />
        {hasGoal ? t("explore.legend.main_goal") : t("explore.legend.main")}
        <HelpHover term={t("explore.legend.main")} textId="explore.help.main_way" helpPage="map" />
      </span>
      <span className={css.legendItem}>{t("explore.legend.bar", { unit })}</span>
      <span className={css.legendItem}>
        <svg width={9} height={9} aria-hidden>
          <path d="M1,0.5L8,4.5L1,8.5Z" fill="var(--ink-3)" />
        </svg>
        {t("explore.legend.started")}
      </span>
      <span className={css.legendItem}>
        <svg width={9} height={9} aria-hidden>
          <rect x={1} y={1} width={7} height={7} fill="var(--ink-3)" />
        </svg>
        {t("explore.legend.left")}
      </span>
    </div>
  );
}
