import { useRef, useState, type ReactNode } from "react";
import { useText } from "@/messages";
import css from "./explore.module.css";

const HEIGHTS = ["peek", "half", "full"] as const;
export type SheetHeight = (typeof HEIGHTS)[number];
const DRAG_LEAST_PX = 24;

interface SheetProps {
  height: SheetHeight;
  onHeight: (height: SheetHeight) => void;
  /** Names what it holds: another part is read from its top. */
  part: string | null;
  /** What stays in sight at the lowest height. */
  head: ReactNode;
  children: ReactNode;
}

/** The bottom sheet of the phone: three heights, changed by dragging the grip, by arrow keys, or one after the other by tapping it. */
export function Sheet({ height, onHeight, part, head, children }: SheetProps) {
  const t = useText();
  const began = useRef<number | null>(null);
  const [wasDragged, setDragged] = useState(false);
  const at = HEIGHTS.indexOf(height);
  const following = HEIGHTS[(at + 1) % HEIGHTS.length] ?? "peek";
  const move = (by: number): void => {
    const next = HEIGHTS[Math.min(HEIGHTS.length - 1, Math.max(0, at + by))];
    if (next) onHeight(next);
  };
  return (
    <section className={css.sheet} data-height={height} aria-label={t("explore.sheet")}>
      <button
        type="button"
        className={css.grip}
        aria-label={t(`explore.sheet.to_${following}`)}
        aria-expanded={height !== "peek"}
        onPointerDown={(event) => {
          began.current = event.clientY;
          event.currentTarget.setPointerCapture(event.pointerId);
        }}
        onPointerUp={(event) => {
          const by = began.current === null ? 0 : event.clientY - began.current;
          began.current = null;
          setDragged(Math.abs(by) > DRAG_LEAST_PX);
          if (Math.abs(by) > DRAG_LEAST_PX) move(by < 0 ? 1 : -1);
        }}
        onClick={() => (wasDragged ? setDragged(false) : onHeight(following))}
        onKeyDown={(event) => {
          if (event.key === "ArrowUp") move(1);
          if (event.key === "ArrowDown") move(-1);
        }}
      />
      <div className={css.sheetHead}>{head}</div>
      <div key={part} className={css.sheetBody} inert={height === "peek"}>
        {children}
      </div>
    </section>
  );
}
