import { Button, Skeleton } from "@mantine/core";
import { IconAdjustmentsHorizontal, IconMaximize, IconMinus, IconPlus } from "@tabler/icons-react";
import { useState, type ReactNode } from "react";
import { T, useText } from "@/messages";
import css from "./explore.module.css";
import { ZOOM_STEP } from "./map/ZoomButtons";
import { Sheet, type SheetHeight } from "./Sheet";
import { writeSelection, type Selection } from "./state";

interface PhoneSheetProps {
  /** Null while there is none. */
  summary: { steps: number; share: string } | null;
  /** The first summary is on its way. */
  isWaiting: boolean;
  controls: ReactNode;
  legend: ReactNode;
  selection: Selection | null;
  onZoom: (factor: number) => void;
  onFit: () => void;
  /** Details of what is selected, or of the whole map. */
  children: ReactNode;
}

/** Controls and details of the map on a phone; opens itself when something is selected. */
export function PhoneSheet({ summary, isWaiting, controls, legend, selection, onZoom, onFit, children }: PhoneSheetProps) {
  const t = useText();
  const [height, setHeight] = useState<SheetHeight>(selection ? "half" : "peek");
  // In words: the address makes a new object whenever anything in it changes.
  const selected = selection && writeSelection(selection);
  const [former, setFormer] = useState(selected);
  const [isAdjusting, setAdjusting] = useState(false);
  if (former !== selected) {
    setFormer(selected);
    setAdjusting(false);
    setHeight(selected === null ? "peek" : height === "peek" ? "half" : height);
  }
  const showsControls = !selection || isAdjusting;
  const isOpen = height !== "peek" && showsControls;
  const changeHeight = (next: SheetHeight): void => {
    setHeight(next);
    if (next === "peek") setAdjusting(false);
  };
  const adjust = (): void => {
    setAdjusting(true);
    changeHeight(isOpen ? "peek" : "half");
  };
  const head = (
    <>
      <span className="num">
        {summary ? <T id="explore.sheet.summary" values={summary} /> : isWaiting && <Skeleton component="span" display="block" height={16} width={170} />}
      </span>
      <button type="button" className={css.action} onClick={adjust} aria-expanded={isOpen}>
        <IconAdjustmentsHorizontal size={18} stroke={1.7} />
        {t("explore.sheet.adjust")}
      </button>
    </>
  );
  return (
    <Sheet height={height} onHeight={changeHeight} head={head} part={showsControls ? null : selected}>
      {showsControls && (
        <div className={css.sheetControls}>
          {controls}
          <div className={css.zoomRow} role="group" aria-label={t("explore.zoom.label")}>
            <Button variant="default" onClick={() => onZoom(1 / ZOOM_STEP)} leftSection={<IconMinus size={16} stroke={1.7} />}>
              {t("explore.zoom.out")}
            </Button>
            <Button variant="default" onClick={() => onZoom(ZOOM_STEP)} leftSection={<IconPlus size={16} stroke={1.7} />}>
              {t("explore.zoom.in")}
            </Button>
            <Button variant="default" onClick={onFit} leftSection={<IconMaximize size={16} stroke={1.7} />}>
              {t("explore.zoom.fit_short")}
            </Button>
          </div>
          {legend}
        </div>
      )}
      {!(selection && isAdjusting) && children}
    </Sheet>
  );
}
