import { Button } from "@mantine/core";
import { IconAdjustmentsHorizontal, IconMinus, IconPlus } from "@tabler/icons-react";
import { useState, type ReactNode } from "react";
import { T, useText } from "@/messages";
import css from "./explore.module.css";
import { ZOOM_STEP } from "./map/ZoomButtons";
import { Sheet, type SheetHeight } from "./Sheet";
import type { Selection } from "./state";

interface PhoneSheetProps {
  summary: { steps: number; share: string };
  controls: ReactNode;
  selection: Selection | null;
  onZoom: (factor: number) => void;
  /** Details of what is selected, or of the whole map. */
  children: ReactNode;
}

/** Controls and details of the map on a phone; opens itself when something is selected. */
export function PhoneSheet({ summary, controls, selection, onZoom, children }: PhoneSheetProps) {
  const t = useText();
  const [height, setHeight] = useState<SheetHeight>(selection ? "half" : "peek");
  const [former, setFormer] = useState(selection);
  if (former !== selection) {
    setFormer(selection);
    setHeight(selection === null ? "peek" : height === "peek" ? "half" : height);
  }
  const isPeek = height === "peek";
  const head = (
    <>
      <span className="num">
        <T id="explore.sheet.summary" values={summary} />
      </span>
      <button type="button" className={css.action} onClick={() => setHeight(isPeek ? "half" : "peek")} aria-expanded={!isPeek}>
        <IconAdjustmentsHorizontal size={18} stroke={1.7} />
        {t("explore.sheet.adjust")}
      </button>
    </>
  );
  return (
    <Sheet height={height} onHeight={setHeight} head={head}>
      {!selection && (
        <div className={css.sheetControls}>
          {controls}
          <div className={css.zoomRow} role="group" aria-label={t("explore.zoom.label")}>
            <Button variant="default" onClick={() => onZoom(1 / ZOOM_STEP)} leftSection={<IconMinus size={16} stroke={1.7} />}>
              {t("explore.zoom.out")}
            </Button>
            <Button variant="default" onClick={() => onZoom(ZOOM_STEP)} leftSection={<IconPlus size={16} stroke={1.7} />}>
              {t("explore.zoom.in")}
            </Button>
          </div>
        </div>
      )}
      {children}
    </Sheet>
  );
}
