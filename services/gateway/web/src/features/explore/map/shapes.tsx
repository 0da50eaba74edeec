import { memo } from "react";
import { useText } from "@/messages";
import { useFormat } from "@/shared/format";
import { END, START } from "../model/graph";
import { CARD_HEIGHT, CARD_WIDTH, format, type Direction } from "../draw/geometry";
import { arrowLength } from "../draw/router";
import type { CardShape, Label, MapMode, PathShape, Scene } from "../draw/scene";
import type { Stub } from "../draw/stubs";
import css from "./map.module.css";
import { NAME_FONT, cutNames } from "./text";

const PADDING = 12;
const BAR_WIDTH = CARD_WIDTH - 2 * PADDING;
const LABEL_HEIGHT = 16;

/** The names of steps as their cards hold them, by step. */
export const namesOnCards = (cards: readonly CardShape[]): Map<string, string> => cutNames(cards.map(({ step }) => step.activity), NAME_FONT, BAR_WIDTH);

interface CardProps {
  card: CardShape;
  name: string;
  direction: Direction;
  mode: MapMode;
  label: string;
  isSelected: boolean;
  isFaint: boolean;
  isLeaving: boolean;
  isTabStop: boolean;
}

/** One step: name, count, share of journeys, bar; its stubs stand beside it. */
export const Card = memo(function Card({ card, name, direction, mode, label, isSelected, isFaint, isLeaving, isTabStop }: CardProps) {
  const t = useText();
  const f = useFormat();
  const { step, box } = card;
  const wait = step.median_next_seconds;
  const main = mode === "time" ? (wait === null ? t("explore.card.last") : f.duration(wait)) : f.number(step.count);
  const side = mode === "time" ? (wait === null ? "" : t("explore.card.to_next")) : f.share(card.journeysRatio);
  return (
    <g
      className={css.card}
      style={{ transform: `translate(${box.x - CARD_WIDTH / 2}px, ${box.y - CARD_HEIGHT / 2}px)` }}
      data-step={step.activity}
      data-shade={card.shade}
      data-selected={isSelected || undefined}
      data-faint={isFaint || undefined}
      data-leaving={isLeaving || undefined}
      role="button"
      aria-pressed={isSelected}
      aria-label={label}
      tabIndex={isTabStop ? 0 : -1}
    >
      <g className={css.cardInk}>
        {card.stubs.map((stub) => (
          <StubShape key={stub.kind} stub={stub} direction={direction} text={f.number(stub.count)} />
        ))}
        <rect className={css.cardFill} width={CARD_WIDTH} height={CARD_HEIGHT} rx={10} />
        <rect className={css.cardTint} width={CARD_WIDTH} height={CARD_HEIGHT} rx={10} />
        <text className={css.name} x={PADDING} y={19}>
          {name}
        </text>
        <text className={css.count} x={PADDING} y={35.5}>
          {main}
        </text>
        <text className={css.share} x={CARD_WIDTH - PADDING} y={35.5}>
          {side}
        </text>
        <rect className={css.barTrack} x={PADDING} y={42} width={BAR_WIDTH} height={3.5} rx={1.75} />
        <rect className={css.bar} x={PADDING} y={42} width={Math.max(3.5, BAR_WIDTH * card.journeysRatio)} height={3.5} rx={1.75} />
        <rect className={css.ring} data-screen-only x={-3} y={-3} width={CARD_WIDTH + 6} height={CARD_HEIGHT + 6} rx={13} />
      </g>
    </g>
  );
});

/** "▸ 418" journeys that start here, or "■ 259" that end here: left of a card, or below it when time runs to the right. */
function StubShape({ stub: { kind, x, y }, direction, text }: { stub: Stub; direction: Direction; text: string }) {
  if (direction === "down") {
    return (
      <g className={css.stub}>
        <path d={`M-8,${y}H0`} />
        <path className={css.stubMark} d={kind === "start" ? `M-9,${y}l-5.5,-3.6v7.2z` : `M-9,${y - 3}h-6v6h6z`} />
        <text x={-18} y={y + 3.6}>
          {text}
        </text>
      </g>
    );
  }
  return (
    <g className={css.stub} data-below>
      <path d={`M${x},${CARD_HEIGHT}V${y - 6.6}`} />
      <path className={css.stubMark} d={kind === "start" ? `M${x - 3},${y - 3.6}l5.5,3.6l-5.5,3.6z` : `M${x - 3},${y - 3}h6v6h-6z`} />
      <text x={x + 8} y={y + 3.9}>
        {text}
      </text>
    </g>
  );
}

/** Start and End. */
export const Pill = memo(function Pill({ pill }: { pill: Scene["pills"][number] }) {
  const t = useText();
  const { box } = pill;
  const text = pill.id === START ? t("explore.start") : t("explore.end");
  return (
    <g className={css.pill} style={{ transform: `translate(${box.x}px, ${box.y}px)` }} aria-hidden>
      <rect x={-box.width / 2} y={-box.height / 2} width={box.width} height={box.height} rx={box.height / 2} />
      <path d={pill.id === END ? "M-20,-3.5h7v7h-7z" : "M-20,-4.5l7.5,4.5l-7.5,4.5z"} />
      <text x={-7} y={4}>
        {text}
      </text>
    </g>
  );
});

interface PathProps {
  shape: PathShape;
  isFaint: boolean;
  isLit: boolean;
  isSelected: boolean;
  hasHitArea: boolean;
}

/** One path with its arrowhead, bead and label. */
export const PathLine = memo(function PathLine({ shape, isFaint, isLit, isSelected, hasHitArea }: PathProps) {
  const { d, tip, angle, width, bead, path } = shape;
  return (
    <g
      className={css.path}
      data-path={hasHitArea && path ? shape.key : undefined}
      data-shade={shape.shade}
      data-join={path ? undefined : true}
      data-faint={isFaint || undefined}
      data-lit={isLit || undefined}
      data-selected={isSelected || undefined}
      aria-hidden
    >
      {hasHitArea && path && <path className={css.hit} d={d} data-screen-only />}
      <g className={css.line} style={{ opacity: isLit ? 1 : shape.opacity }}>
        <path d={d} strokeWidth={width} />
        <path className={css.head} d={headOf(width)} transform={`translate(${format(tip)}) rotate(${angle})`} />
      </g>
      {bead && <circle className={css.bead} cx={bead.x} cy={bead.y} r={width / 2 + 2.2} />}
    </g>
  );
});

/** An arrowhead pointing right with its tip at 0,0. */
function headOf(width: number): string {
  const [length, half] = [arrowLength(width) + 0.5, 2.4 + width * 0.72];
  return `M0,0L${-length},${half.toFixed(1)}L${-length},${(-half).toFixed(1)}Z`;
}

/** The number on a path; drawn above all lines. */
export const PathLabel = memo(function PathLabel({ label, isLit }: { label: Label; isLit: boolean }) {
  const { center, width, text } = label;
  return (
    <g className={css.label} data-lit={isLit || undefined} aria-hidden>
      <rect x={center.x - width / 2} y={center.y - LABEL_HEIGHT / 2} width={width} height={LABEL_HEIGHT} rx={5} />
      <text x={center.x} y={center.y + 4}>
        {text}
      </text>
    </g>
  );
});
