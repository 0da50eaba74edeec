import { Skeleton } from "@mantine/core";
import { Fragment } from "react";
import { LoadingShape } from "@/shared/ui";
import { CARD_HEIGHT, CARD_WIDTH } from "./draw/geometry";
import css from "./explore.module.css";

/** Cards in each row of a usual map. */
const CARDS = [1, 2, 1, 3, 2, 1];
const TILES = 3;
const SECTIONS = 2;
const ROWS = 3;

/** The page of the map in grey: controls, map and side panel; on a phone map and sheet. */
export function MapShape() {
  return (
    <LoadingShape className={css.mapPage}>
      <div className={css.main}>
        <div className={`${css.controls} ${css.beyondPhone}`}>
          <Skeleton className={css.slider} height={28} />
          <Skeleton className={css.slider} height={28} />
          <Skeleton height={34} width={190} />
          <Skeleton height={34} width={190} />
        </div>
        <div className={css.canvas}>
          <Cards />
        </div>
      </div>
      <aside className={`${css.side} ${css.onlyWide}`}>
        <Lines />
      </aside>
      <div className={`${css.sheet} ${css.onlyPhone}`} data-height="peek">
        <Skeleton height={16} width={170} mt={28} mx={16} />
      </div>
    </LoadingShape>
  );
}

/** A map or a model in grey. */
export function CanvasShape({ className = css.fill }: { className?: string | undefined }) {
  return (
    <LoadingShape className={className}>
      <Cards />
    </LoadingShape>
  );
}

/** The side panel in grey. */
export function PanelShape() {
  return (
    <LoadingShape>
      <Lines />
    </LoadingShape>
  );
}

function Cards() {
  return (
    <div className={css.cardsShape}>
      {CARDS.map((count, row) => (
        <div key={row}>
          {Array.from({ length: count }, (_, index) => (
            <Skeleton key={index} height={CARD_HEIGHT} width={CARD_WIDTH} radius={10} />
          ))}
        </div>
      ))}
    </div>
  );
}

function Lines() {
  return (
    <div className={css.linesShape}>
      <Skeleton height={18} width="60%" />
      <div>
        {Array.from({ length: TILES }, (_, index) => (
          <Skeleton key={index} height={62} />
        ))}
      </div>
      {Array.from({ length: SECTIONS }, (_, section) => (
        <Fragment key={section}>
          <Skeleton height={14} width={120} mt={8} />
          {Array.from({ length: ROWS }, (_, row) => (
            <Skeleton key={row} height={44} />
          ))}
        </Fragment>
      ))}
    </div>
  );
}
