import { useElementSize } from "@mantine/hooks";
import { memo, useCallback, useLayoutEffect, useMemo, useState, type FocusEvent, type KeyboardEvent } from "react";
import { useText } from "@/messages";
import { useFormat } from "@/shared/format";
import { format, rectAround, type Point, type Rect } from "../draw/geometry";
import type { PlacedLabel } from "../draw/labels";
import mapCss from "../map/map.module.css";
import { PathLabel } from "../map/shapes";
import { NAME_FONT, cutText, useLabelWidth } from "../map/text";
import { useZoom } from "../map/useZoom";
import { fitted, revealed, type Insets } from "../map/view";
import { ZoomButtons } from "../map/ZoomButtons";
import { ARROW_PX, linkLabels, ownLabel, type LabelStyle, type ModelDrawing, type PlacedLink, type PlacedNode } from "./drawing";
import css from "./models.module.css";

const INSETS: Insets = { top: 28, right: 28, bottom: 64, left: 28 };
const LEAST_SCALE = 0.74;
/** Kept in sight around the number of a link that a key walked to, px. */
const REVEALED = 80;
const TEXT_PADDING = 24;
/** How far a key walks along the links. */
const STEPS: Partial<Record<string, number>> = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 };

/** A model as a picture to look at: pan and zoom; a link with a number is pointed at or, by keyboard, walked to. */
export function ModelCanvas({ drawing, label }: { drawing: ModelDrawing; label: string }) {
  const t = useText();
  const f = useFormat();
  const measure = useLabelWidth();
  const { ref: frame, width, height } = useElementSize();
  const ignore = useCallback(() => undefined, []);
  const { svg, content, camera, showsHint } = useZoom({ onMoved: ignore });
  const [hovered, setHovered] = useState<string | null>(null);
  const [focused, setFocused] = useState<string | null>(null);
  const [stop, setStop] = useState("0");
  const { nodes, links, origin, direction } = drawing;
  const bounds = useMemo(() => from(drawing.bounds, origin), [drawing.bounds, origin]);
  const fit = useCallback(
    (instantly: boolean) => camera.moveTo(fitted(bounds, { width, height }, INSETS, LEAST_SCALE, direction), instantly),
    [camera, bounds, width, height, direction],
  );
  useLayoutEffect(() => {
    if (width > 0) fit(true);
  }, [fit, width]);

  const style = useMemo<LabelStyle>(() => ({ textOf: f.number, measure }), [f, measure]);
  const labels = useMemo(() => linkLabels(drawing, style), [drawing, style]);
  const hasCounts = links.some(({ count }) => count !== null);
  const lit = links.find(({ key }) => key === (hovered ?? focused));
  const labelOf = (link: PlacedLink): PlacedLabel | undefined => labels.find(({ key }) => key === link.key) ?? ownLabel(drawing, link, style);
  const shown = lit ? [labelOf(lit)].filter((one) => one !== undefined) : labels;

  const linkOf = (target: EventTarget): string | null => (target as Element).closest<SVGGElement>("[data-link]")?.dataset["link"] ?? null;
  const onKeyDown = (event: KeyboardEvent<SVGSVGElement>): void => {
    const by = STEPS[event.key];
    const next = by === undefined ? undefined : links[links.findIndex(({ key }) => key === stop) + by];
    const center = next && labelOf(next)?.center;
    if (!center || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    svg.current?.querySelector<SVGGElement>(`[data-link="${next.key}"]`)?.focus({ preventScroll: true });
    camera.moveTo(revealed(camera.get(), from(rectAround(center, REVEALED, REVEALED), origin), { width, height }, INSETS));
  };
  const onFocus = ({ target }: FocusEvent<SVGSVGElement>): void => {
    const key = linkOf(target);
    setFocused(key);
    if (key !== null) setStop(key);
  };
  return (
    <div className={mapCss.frame} ref={frame}>
      <svg
        ref={svg}
        className={mapCss.canvas}
        role={hasCounts ? "group" : "img"}
        aria-label={hasCounts ? `${label}. ${t("explore.model.keys")}` : label}
        onKeyDown={onKeyDown}
        onFocus={onFocus}
        onBlur={() => setFocused(null)}
        onPointerMove={({ pointerType, target }) => pointerType !== "touch" && setHovered(linkOf(target))}
        onPointerLeave={() => setHovered(null)}
      >
        <g ref={content}>
          <g transform={`translate(${-origin.x},${-origin.y})`}>
            {links.map((link) => (
              <Link
                key={link.key}
                link={link}
                says={link.count === null ? null : saysOf(link.from, link.to, link.count)}
                isTabStop={link.key === stop}
                isLit={link === lit}
                isFaint={lit !== undefined && link !== lit}
              />
            ))}
            {nodes.map((node, index) => (
              <Node key={index} node={node} />
            ))}
            {shown.map((one) => (
              <PathLabel key={one.key} label={one} isLit={lit !== undefined} />
            ))}
          </g>
        </g>
      </svg>
      {showsHint && <div className={`${mapCss.float} ${mapCss.hint}`}>{t("explore.map.tap_hint")}</div>}
      <ZoomButtons onZoom={camera.zoomBy} onFit={() => fit(false)} />
    </div>
  );
  function saysOf(from: number, to: number, count: number): string {
    const nameOf = (at: number): string => {
      const { kind = "step", text = "" } = nodes[at] ?? {};
      return kind === "start" || kind === "end" ? t(`explore.${kind}`) : text;
    };
    return t("explore.model.link", { source: nameOf(from), target: nameOf(to), count, moves: f.number(count) });
  }
}

/** The rectangle as seen from the origin. */
const from = ({ left, right, top, bottom }: Rect, { x, y }: Point): Rect => ({ left: left - x, right: right - x, top: top - y, bottom: bottom - y });

interface LinkProps {
  link: PlacedLink;
  /** Its tooltip and spoken name; null for one without a number, which is a line only. */
  says: string | null;
  isTabStop: boolean;
  isLit: boolean;
  isFaint: boolean;
}

const Link = memo(function Link({ link, says, isTabStop, isLit, isFaint }: LinkProps) {
  const { key, strength, d, tip, angle, isArrow } = link;
  const width = strength === null ? 1.4 : 1.2 + 3 * strength;
  const shade = strength === null ? undefined : Math.min(4, Math.floor(strength * 5));
  const spoken = says === null ? {} : { role: "img", "aria-label": says, tabIndex: isTabStop ? 0 : -1, "data-link": key };
  return (
    <g className={css.link} data-shade={shade} data-lit={isLit || undefined} data-faint={isFaint || undefined} {...spoken}>
      {says !== null && (
        <path className={mapCss.hit} d={d}>
          <title>{says}</title>
        </path>
      )}
      <path className={css.line} d={d} strokeWidth={width} />
      {isArrow && (
        <path
          className={css.head}
          d={`M0,0L${-ARROW_PX},${2.4 + width * 0.6}L${-ARROW_PX},${-2.4 - width * 0.6}Z`}
          transform={`translate(${format(tip)}) rotate(${angle.toFixed(1)})`}
        />
      )}
    </g>
  );
});

const Node = memo(function Node({ node }: { node: PlacedNode }) {
  const t = useText();
  const f = useFormat();
  const { kind, width, height, text } = node;
  const place = `translate(${node.center.x.toFixed(1)},${node.center.y.toFixed(1)})`;
  switch (kind) {
    case "place":
      return (
        <g className={css.place} transform={place}>
          {node.isFinal && <circle r={width / 2 + 3.5} className={css.finalRing} />}
          <circle r={width / 2 - 1} />
          {node.tokens > 0 && <circle r={4.5} className={css.token} />}
        </g>
      );
    case "silent":
      return <rect className={css.silent} transform={place} x={-width / 2} y={-height / 2} width={width} height={height} rx={3} />;
    case "start":
    case "end":
    case "operator": {
      const word = kind === "operator" ? t(`explore.model.operator.${text}`) : t(`explore.${kind}`);
      return (
        <g className={kind === "operator" ? css.operator : mapCss.pill} transform={place}>
          <rect x={-width / 2} y={-height / 2} width={width} height={height} rx={height / 2} />
          <text y={4.5} textAnchor="middle">
            {word}
          </text>
        </g>
      );
    }
    case "step": {
      const shown = cutText(text, NAME_FONT, width - TEXT_PADDING);
      return (
        <g className={css.step} transform={place}>
          <title>{text}</title>
          <rect x={-width / 2} y={-height / 2} width={width} height={height} rx={10} />
          <text className={mapCss.name} x={-width / 2 + TEXT_PADDING / 2} y={node.count === null ? 4.5 : -3}>
            {shown}
          </text>
          {node.count !== null && (
            <text className={css.count} x={-width / 2 + TEXT_PADDING / 2} y={14}>
              {t("explore.model.events", { count: node.count, number: f.number(node.count) })}
            </text>
          )}
        </g>
      );
    }
  }
});
