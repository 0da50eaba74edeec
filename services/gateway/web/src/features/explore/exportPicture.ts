import type { Translate } from "@/messages";
import type { Formatters } from "@/shared/format";
import type { Rect } from "./draw/geometry";
import type { MapMode } from "./draw/scene";
import { scaleWords } from "./mapWords";
import type { Classes } from "./model/classes";

const SVG = "http://www.w3.org/2000/svg";
const MARGIN_PX = 24;
/** Narrower maps get room at their sides, so that what they show can be read. */
const LEAST_WIDTH_PX = 560;
const LINE_PX = 18;
const GAP_PX = 20;
const SWATCH_PX = 18;
const FAMILY = "Inter Variable";
/** Inside a program that knows no web fonts, an Inter of the machine comes next to it. */
const FONTS = `"${FAMILY}", Inter, system-ui, sans-serif`;
const PIXEL_RATIO = 2;
const LARGEST_PX = 8000;
/** What CSS gives the drawing and a file must carry itself. */
const PAINT = [
  "fill",
  "fill-opacity",
  "stroke",
  "stroke-width",
  "stroke-opacity",
  "stroke-dasharray",
  "stroke-linejoin",
  "paint-order",
  "opacity",
  "font-size",
  "font-weight",
  "text-anchor",
  "transform",
] as const;

/** Attributes that a picture does not need. */
const SCREEN_ONLY = /^(style|class|role|tabindex|data-.*|aria-.*)$/;
// eslint-disable-next-line no-control-regex -- names of steps may hold them, XML may not
const NOT_XML = /[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g;

/** A drawing on screen and what its numbers are. */
export interface Picture {
  svg: SVGSVGElement;
  bounds: Rect;
  /** Name of the dataset. */
  name: string;
  /** Number of journeys, period, what makes a journey, and filters in words. */
  scope: string[];
  /** How much of it the map shows: "11 of 19 · 90% of events", and the same of paths. */
  shown: { label: string; text: string | null }[];
  mode: MapMode;
  classes: Classes;
  unit: string;
  hasGoal: boolean;
}

/** Text that a picture is made of, with its size. */
export interface Standalone {
  text: string;
  width: number;
  height: number;
}

/** The whole drawing as an SVG text of its own: with styles and font inside, a caption, the legend, and nothing that only the screen needs. */
export async function standaloneSvg(picture: Picture, t: Translate, f: Formatters): Promise<Standalone> {
  const { svg, bounds } = picture;
  const copy = svg.cloneNode(true) as SVGSVGElement;
  const [originals, copies] = [[...svg.querySelectorAll<SVGElement>("*")], [...copy.querySelectorAll<SVGElement>("*")]];
  originals.forEach((original, index) => {
    const [style, target] = [getComputedStyle(original), copies[index] as SVGElement];
    if (original.hasAttribute("data-screen-only")) return target.remove();
    for (const { name } of [...target.attributes]) if (SCREEN_ONLY.test(name)) target.removeAttribute(name);
    for (const name of PAINT) {
      const value = style.getPropertyValue(name);
      if (value === "" || (name === "transform" && (value === "none" || original.hasAttribute("transform")))) continue;
      target.setAttribute(name, name === "transform" ? value.replaceAll("px", "") : value);
    }
  });
  copy.querySelector(":scope > g")?.removeAttribute("transform");
  for (const name of [...copy.attributes].map((attribute) => attribute.name)) copy.removeAttribute(name);

  const width = Math.max(bounds.right - bounds.left, LEAST_WIDTH_PX);
  const left = (bounds.left + bounds.right - width) / 2;
  const pen = new Pen(svg, copy, left, width);
  const captionHeight = pen.caption(picture, t, bounds.top);
  const bottom = pen.legend(picture, t, f, bounds.bottom + MARGIN_PX);
  const [x, y] = [left - MARGIN_PX, bounds.top - captionHeight - MARGIN_PX];
  const size = { width: Math.ceil(width + 2 * MARGIN_PX), height: Math.ceil(bottom + MARGIN_PX - y) };

  const box = [x.toFixed(1), y.toFixed(1), size.width, size.height];
  copy.setAttribute("xmlns", SVG);
  copy.setAttribute("viewBox", box.join(" "));
  copy.setAttribute("width", String(size.width));
  copy.setAttribute("height", String(size.height));
  copy.setAttribute("font-family", FONTS);
  copy.prepend(element("rect", { x: box[0], y: box[1], width: box[2], height: box[3], fill: getComputedStyle(document.body).backgroundColor }));
  const style = element("style", {});
  style.textContent = await fontsFor(copy.textContent);
  copy.prepend(style);
  return { text: new XMLSerializer().serializeToString(copy).replace(NOT_XML, ""), ...size };
}

function element(name: string, attributes: Record<string, string | number | undefined>): SVGElement {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) if (value !== undefined) made.setAttribute(key, String(value));
  return made;
}

/** Writes around a drawing in the colours of the page. */
class Pen {
  private readonly colors: CSSStyleDeclaration;
  private readonly context = document.createElement("canvas").getContext("2d");

  constructor(
    screen: Element,
    private readonly sheet: SVGSVGElement,
    private readonly left: number,
    private readonly width: number,
  ) {
    this.colors = getComputedStyle(screen);
  }

  /** Writes what the drawing shows above it; returns the height that this takes. */
  caption({ name, scope, shown, mode, unit }: Picture, t: Translate, bottom: number): number {
    const parts = shown.map(({ label, text }) => t("explore.export.shown", { label, text }));
    const lines = [scope.join(" · "), parts.join(" · "), t(`explore.export.numbers_${mode}`, { unit })].flatMap((text) => this.wrapped(text));
    const height = (lines.length + 1) * LINE_PX + MARGIN_PX;
    const top = bottom - height;
    this.write(name, this.left, top + LINE_PX - 4, 15, 680, "--ink");
    lines.forEach((line, index) => this.write(line, this.left, top + (index + 2) * LINE_PX - 4, 12.5, 400, "--ink-2"));
    return height;
  }

  /** Draws what colours and marks mean below `top`; returns where it ends. */
  legend({ mode, classes, unit, hasGoal }: Picture, t: Translate, f: Formatters, top: number): number {
    const [before, after] = scaleWords(mode, classes, t, f);
    const scale = [1, 2, 3, 4, 5].map((shade) => this.color(`--${mode === "time" ? "time" : "freq"}-${shade}`));
    const ink = this.color("--ink-3");
    const swatch = (fill: string) => (x: number, y: number) => element("rect", { x, y: y - 9, width: SWATCH_PX, height: 9, fill });
    const way = (x: number, y: number) =>
      element("rect", { x, y: y - 10, width: SWATCH_PX, height: 11, rx: 4, fill: this.color("--accent"), "fill-opacity": 0.25 });
    const start = (x: number, y: number) => element("path", { d: `M${x},${y - 9}l8,4.5l-8,4.5z`, fill: ink });
    const end = (x: number, y: number) => element("rect", { x, y: y - 8, width: 8, height: 8, fill: ink });
    const items: { marks: ((x: number, y: number) => SVGElement)[]; markWidth: number; before?: string; text: string }[] = [
      { marks: scale.map(swatch), markWidth: SWATCH_PX, before, text: after },
      { marks: [way], markWidth: SWATCH_PX, text: t(hasGoal ? "explore.legend.main_goal" : "explore.legend.main") },
      { marks: [], markWidth: 0, text: t("explore.legend.bar", { unit }) },
      { marks: [start], markWidth: 8, text: t("explore.legend.started") },
      { marks: [end], markWidth: 8, text: t("explore.legend.left") },
    ];
    let [x, y] = [this.left, top + LINE_PX];
    for (const { marks, markWidth, before = "", text } of items) {
      const beforeWidth = before ? this.measure(before) + 8 : 0;
      const marksWidth = marks.length > 0 ? marks.length * markWidth + 8 : 0;
      const width = beforeWidth + marksWidth + this.measure(text);
      if (x > this.left && x + width > this.left + this.width) [x, y] = [this.left, y + LINE_PX + 4];
      this.write(before, x, y, 12.5, 400, "--ink-2");
      marks.forEach((mark, index) => this.sheet.append(mark(x + beforeWidth + index * markWidth, y)));
      this.write(text, x + beforeWidth + marksWidth, y, 12.5, 400, "--ink-2");
      x += width + GAP_PX;
    }
    return y + 4;
  }

  private color(token: string): string {
    return this.colors.getPropertyValue(token);
  }

  private write(text: string, x: number, y: number, size: number, weight: number, color: string): void {
    if (!text) return;
    const written = element("text", { x: x.toFixed(1), y: y.toFixed(1), "font-size": size, "font-weight": weight, fill: this.color(color) });
    written.textContent = text;
    this.sheet.append(written);
  }

  private measure(text: string): number {
    if (!this.context) return text.length * 6.6;
    this.context.font = `12.5px ${FONTS}`;
    return this.context.measureText(text).width;
  }

  /** The text in lines that fit. */
  private wrapped(text: string): string[] {
    const lines: string[] = [];
    for (const word of text.split(" ")) {
      const longer = lines.length ? `${lines.at(-1)} ${word}` : word;
      if (lines.length === 0 || this.measure(longer) > this.width) lines.push(word);
      else lines[lines.length - 1] = longer;
    }
    return lines;
  }
}

/** The parts of the page's font that a text needs, as style with the files inside; without those that cannot be had. */
async function fontsFor(text: string): Promise<string> {
  const rules = [...document.styleSheets]
    .flatMap(rulesOf)
    .filter((rule): rule is CSSFontFaceRule => rule.cssText.startsWith("@font-face"))
    .filter(({ style }) => style.getPropertyValue("font-family").includes(FAMILY) && covers(style.getPropertyValue("unicode-range"), text));
  const faces = rules.map(async (rule) => {
    const address = /url\("?([^")]+)"?\)/.exec(rule.style.getPropertyValue("src"))?.[1];
    const answer = address && (await fetch(new URL(address, rule.parentStyleSheet?.href ?? location.href)).catch(() => null));
    if (!answer || !answer.ok) return "";
    const range = rule.style.getPropertyValue("unicode-range");
    return `@font-face{font-family:"${FAMILY}";font-weight:100 900;src:url(${await dataUrl(await answer.blob())}) format("woff2");unicode-range:${range}}`;
  });
  return (await Promise.all(faces)).join("");
}

function rulesOf(sheet: CSSStyleSheet): CSSRule[] {
  try {
    return [...sheet.cssRules];
  } catch {
    return []; // Not of this page: what an extension of the browser brought along cannot be read.
  }
}

function covers(range: string, text: string): boolean {
  const parts = range.split(",").map((part) => part.trim().replace(/^U\+/i, "").split("-").map((code) => parseInt(code, 16)));
  return [...text].some((letter) => {
    const code = letter.codePointAt(0) as number;
    return parts.some(([first = 0, last = first]) => code >= first && code <= last);
  });
}

function dataUrl(blob: Blob): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result as string);
    reader.onerror = () => reject(new Error("The font cannot be read."));
    reader.readAsDataURL(blob);
  });
}

export const svgFile = (text: string): Blob => new Blob([text], { type: "image/svg+xml" });

/**
 * The drawing as PNG, at double size where the browser allows pictures that large.
 *
 * @throws Error when the browser cannot draw it.
 */
export async function pngFile({ text, width, height }: Standalone): Promise<Blob> {
  const url = URL.createObjectURL(svgFile(text));
  try {
    const image = new Image();
    image.src = url;
    await image.decode();
    const ratio = Math.min(PIXEL_RATIO, LARGEST_PX / Math.max(width, height));
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [Math.round(width * ratio), Math.round(height * ratio)];
    canvas.getContext("2d")?.drawImage(image, 0, 0, canvas.width, canvas.height);
    return await new Promise((resolve, reject) => {
      canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("The picture is too large."))), "image/png");
    });
  } finally {
    URL.revokeObjectURL(url);
  }
}
