import { useCallback, useEffect, useState } from "react";

/** Widths of texts as the map draws them, px at scale 1. */

const FAMILY = '"Inter Variable", system-ui, sans-serif';
export const NAME_FONT = `620 13px ${FAMILY}`;
const LABEL_FONT = `560 11.5px ${FAMILY}`;
const CACHE_SIZE = 5000;
const AVERAGE_LETTER_PX = 6.6;
const LEAD = 0.35;

const widths = new Map<string, number>();
let context: CanvasRenderingContext2D | null | undefined;

function measureText(text: string, font: string): number {
  const key = `${font} ${text}`;
  const known = widths.get(key);
  if (known !== undefined) return known;
  context ??= document.createElement("canvas").getContext("2d");
  if (context) context.font = font;
  // The map draws every digit as wide as a 0; a canvas would measure a narrow 1.
  const width = context?.measureText(text.replace(/\d/g, "0")).width ?? text.length * AVERAGE_LETTER_PX;
  if (widths.size > CACHE_SIZE) widths.clear();
  widths.set(key, width);
  return width;
}

/** Measures labels; the function changes when the web font arrives, because all widths do. */
export function useLabelWidth(): (text: string) => number {
  const [isReady, setReady] = useState(document.fonts.status === "loaded");
  useEffect(() => {
    if (isReady) return;
    void document.fonts.ready.then(() => {
      widths.clear();
      setReady(true);
    });
  }, [isReady]);
  const font = isReady ? LABEL_FONT : `${LABEL_FONT}, serif`;
  return useCallback((text: string) => measureText(text, font), [font]);
}

/** The text, or as much of its beginning as fits, with "…". */
export const cutText = (text: string, font: string, most: number): string => cutAt(text, font, most, 1);

/** Names as they are shown, by name: cut at the end, or further to the front where several would look the same. */
export function cutNames(names: readonly string[], font: string, most: number): Map<string, string> {
  const shown = new Map(names.map((name) => [name, cutText(name, font, most)]));
  const all = [...shown.values()];
  for (const [name, text] of shown) if (all.filter((other) => other === text).length > 1) shown.set(name, cutAt(name, font, most, LEAD));
  return shown;
}

/** The text with "…" in place of what does not fit; `lead` of what stays stands before it. */
function cutAt(text: string, font: string, most: number, lead: number): string {
  if (measureText(text, font) <= most) return text;
  const letters = [...text];
  const cut = (kept: number): string => {
    const before = Math.ceil(kept * lead);
    return `${letters.slice(0, before).join("").trimEnd()}…${letters.slice(letters.length - kept + before).join("").trimStart()}`;
  };
  let [low, high] = [0, letters.length];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (measureText(cut(middle), font) <= most) low = middle;
    else high = middle - 1;
  }
  return cut(low);
}
