import type { Rect } from "./draw/geometry";

const MARGIN_PX = 24;
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
  "font-family",
  "font-size",
  "font-weight",
  "text-anchor",
  "transform",
] as const;

/** Attributes that a picture does not need. */
const SCREEN_ONLY = /^(style|class|role|tabindex|data-.*|aria-.*)$/;
// eslint-disable-next-line no-control-regex -- names of steps may hold them, XML may not
const NOT_XML = /[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g;

/** The whole drawing as an SVG text of its own: styles inside, without what only the screen needs. */
export function standaloneSvg(svg: SVGSVGElement, bounds: Rect): { text: string; width: number; height: number } {
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
  const [width, height] = [bounds.right - bounds.left + 2 * MARGIN_PX, bounds.bottom - bounds.top + 2 * MARGIN_PX];
  const box = [bounds.left - MARGIN_PX, bounds.top - MARGIN_PX, width, height].map((value) => value.toFixed(1));
  copy.querySelector(":scope > g")?.removeAttribute("transform");
  for (const name of [...copy.attributes].map((attribute) => attribute.name)) copy.removeAttribute(name);
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  copy.setAttribute("viewBox", box.join(" "));
  copy.setAttribute("width", width.toFixed(0));
  copy.setAttribute("height", height.toFixed(0));
  const ground = document.createElementNS("http://www.w3.org/2000/svg", "rect");
  ["x", "y", "width", "height"].forEach((name, index) => ground.setAttribute(name, box[index] as string));
  ground.setAttribute("fill", getComputedStyle(document.body).backgroundColor);
  copy.prepend(ground);
  return { text: new XMLSerializer().serializeToString(copy).replace(NOT_XML, ""), width, height };
}

export const svgFile = (text: string): Blob => new Blob([text], { type: "image/svg+xml" });

/**
 * The drawing as PNG, at double size where the browser allows pictures that large.
 *
 * @throws Error when the browser cannot draw it.
 */
export async function pngFile({ text, width, height }: { text: string; width: number; height: number }): Promise<Blob> {
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
