import { IconMaximize, IconMinus, IconPlus } from "@tabler/icons-react";
import { useText } from "@/messages";
import css from "./map.module.css";

export const ZOOM_STEP = 1.3;

/** Zoom in, out, and everything in sight; floats at the lower right. */
export function ZoomButtons({ onZoom, onFit }: { onZoom: (factor: number) => void; onFit: () => void }) {
  const t = useText();
  const buttons = [
    { label: t("explore.zoom.in"), Icon: IconPlus, act: () => onZoom(ZOOM_STEP) },
    { label: t("explore.zoom.out"), Icon: IconMinus, act: () => onZoom(1 / ZOOM_STEP) },
    { label: t("explore.zoom.fit"), Icon: IconMaximize, act: onFit },
  ];
  return (
    <div className={`${css.float} ${css.zoom}`} role="group" aria-label={t("explore.zoom.label")}>
      {buttons.map(({ label, Icon, act }) => (
        <button key={label} type="button" aria-label={label} onClick={act}>
          <Icon size={18} stroke={1.7} />
        </button>
      ))}
    </div>
  );
}
