import qrcode from "qrcode-generator";
import { useMemo } from "react";
import css from "./settings.module.css";

const MARGIN = 4;

/** A QR code, dark on light in every theme, as cameras expect it. */
export default function QrCode({ text, label }: { text: string; label: string }) {
  const { path, side } = useMemo(() => {
    const code = qrcode(0, "L");
    code.addData(text);
    code.make();
    const squares = [...Array(code.getModuleCount()).keys()];
    const dark = squares.flatMap((row) => squares.filter((column) => code.isDark(row, column)).map((column) => `M${column} ${row}h1v1h-1z`));
    return { path: dark.join(""), side: squares.length + 2 * MARGIN };
  }, [text]);
  return (
    <svg className={css.qr} viewBox={`${-MARGIN} ${-MARGIN} ${side} ${side}`} role="img" aria-label={label} shapeRendering="crispEdges">
      <path d={path} />
    </svg>
  );
}
