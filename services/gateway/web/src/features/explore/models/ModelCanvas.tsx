import { useElementSize } from "@mantine/hooks";
import { useCallback, useLayoutEffect, useMemo } from "react";
import { useText } from "@/messages";
import { useFormat } from "@/shared/format";
import { rectAround } from "../draw/geometry";
import mapCss from "../map/map.module.css";
import { NAME_FONT, cutText } from "../map/text";
import { useZoom } from "../map/useZoom";
import { fitted, type Insets } from "../map/view";
import { ZoomButtons } from "../map/ZoomButtons";
import { ARROW_PX, type ModelDrawing, type PlacedLink, type PlacedNode } from "./drawing";
import css from "./models.module.css";

const INSETS: Insets = { top: 28, right: 28, bottom: 64, left: 28 };
const LEAST_SCALE = 0.5;
const TEXT_PADDING = 24;

/** A model as a picture to look at: pan and zoom, nothing to change. */
export function ModelCanvas({ drawing, label }: { drawing: ModelDrawing; label: string }) {
  const t = useText();
  const { ref: frame, width, height } = useElementSize();
  const ignore = useCallback(() => undefined, []);
  const { svg, content, camera, showsHint } = useZoom({ onMoved: ignore });
  const { left, right, top, bottom } = drawing.bounds;
  // Trees and nets have no spine: their middle takes its place.
  const middle = { x: (left + right) / 2, y: (top + bottom) / 2 };
  const bounds = useMemo(
    () => rectAround({ x: 0, y: 0 }, right - left, bottom - top),
    [left, right, top, bottom],
  );
  const fit = useCallback(
    (instantly: boolean) => camera.moveTo(fitted(bounds, { width, height }, INSETS, LEAST_SCALE, drawing.direction), instantly),
    [camera, bounds, width, height, drawing.direction],
  );
  useLayoutEffect(() => {
    if (width > 0) fit(true);
  }, [fit, width]);
  return (
    <div className={mapCss.frame} ref={frame}>
      <svg ref={svg} className={mapCss.canvas} role="img" aria-label={label}>
        <g ref={content}>
          <g transform={`translate(${-middle.x},${-middle.y})`}>
            {drawing.links.map((link, index) => (
              <Link key={index} link={link} />
            ))}
            {drawing.nodes.map((node, index) => (
              <Node key={index} node={node} />
            ))}
            {drawing.links.map((link, index) => (
              <LinkCount key={index} link={link} />
            ))}
          </g>
        </g>
      </svg>
      {showsHint && <div className={`${mapCss.float} ${mapCss.hint}`}>{t("explore.map.tap_hint")}</div>}
      <ZoomButtons onZoom={camera.zoomBy} onFit={() => fit(false)} />
    </div>
  );
}

function Link({ link }: { link: PlacedLink }) {
  const { strength, d, tip, angle, isArrow } = link;
  const width = strength === null ? 1.4 : 1.2 + 3 * strength;
  const shade = strength === null ? undefined : Math.min(4, Math.floor(strength * 5));
  return (
    <g className={css.link} data-shade={shade}>
      <path d={d} strokeWidth={width} />
      {isArrow && (
        <path
          className={css.head}
          d={`M0,0L${-ARROW_PX},${2.4 + width * 0.6}L${-ARROW_PX},${-2.4 - width * 0.6}Z`}
          transform={`translate(${tip.x.toFixed(1)},${tip.y.toFixed(1)}) rotate(${angle.toFixed(1)})`}
        />
      )}
    </g>
  );
}

function LinkCount({ link: { count, middle, isLabelled } }: { link: PlacedLink }) {
  const f = useFormat();
  if (count === null || !isLabelled) return null;
  const text = f.number(count);
  const width = text.length * 7 + 8;
  return (
    <g className={mapCss.label}>
      <rect x={middle.x - width / 2} y={middle.y - 8} width={width} height={16} rx={5} />
      <text x={middle.x} y={middle.y + 4}>
        {text}
      </text>
    </g>
  );
}

function Node({ node }: { node: PlacedNode }) {
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
}
