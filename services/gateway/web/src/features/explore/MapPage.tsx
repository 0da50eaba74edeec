import { useMediaQuery } from "@mantine/hooks";
import { IconLayoutSidebarRight, IconTable } from "@tabler/icons-react";
import { useCallback, useEffect, useMemo, useRef, useState, type KeyboardEvent, type ReactNode } from "react";
import { useText } from "@/messages";
import { daysKnown } from "@/shared/compare";
import { useScopeWords } from "@/shared/filters";
import { useFormat } from "@/shared/format";
import { addressWith, noteExport } from "@/shared/noteExport";
import { useScope } from "@/shared/scope";
import { EmptyState, ErrorState, useDocumentTitle } from "@/shared/ui";
import { DataSlider, ModeSwitch, UnitSwitch } from "./ControlBar";
import { useCommonWays } from "./data";
import { warmUpLayout } from "./draw/layoutClient";
import css from "./explore.module.css";
import { ExploreTabs, WhenReady, type Ready } from "./ExploreLayout";
import { directionCode, preferDirection, preferredDirection } from "./direction";
import type { Direction } from "./draw/geometry";
import { ExportMenu } from "./ExportMenu";
import type { Picture } from "./exportPicture";
import { Legend } from "./map/Legend";
import { MapCanvas, type MapHandle } from "./map/MapCanvas";
import { CanvasShape, MapShape, PanelShape } from "./MapShape";
import { MapTables, type OnSaved } from "./MapTables";
import { useMapWords } from "./mapWords";
import { factsOf } from "./model/facts";
import { journeysOf } from "./model/graph";
import { SidePanel, type PanelProps } from "./panel/SidePanel";
import { PhoneSheet } from "./PhoneSheet";
import { useMapState, type MapState, type Selection } from "./state";
import { MOST_STEPS, useJourneyMap } from "./useJourneyMap";

const WAYS_SHOWN = 6;

/** Explore, Map: how customers really move. */
export default function MapPage() {
  const t = useText();
  useDocumentTitle(t("explore.tab.map"));
  useEffect(warmUpLayout, []);
  return <WhenReady tabs={<ExploreTabs />} shape={<MapShape />}>{(ready) => <Journeys key={ready.dataset.id} {...ready} />}</WhenReady>;
}

function Journeys(ready: Ready) {
  const { dataset, full, isStale } = ready;
  const t = useText();
  const f = useFormat();
  const { datasetId, from, to, filters, unit, pause, question } = useScope();
  const scopeWords = useScopeWords();
  const [state, change] = useMapState();
  const { mode, selection } = state;
  const isPhone = useMediaQuery("(max-width: 759px)", false, { getInitialValueInEffect: false });
  const isWide = useMediaQuery("(min-width: 1200px)", true, { getInitialValueInEffect: false });
  const [isPanelOpen, setPanelOpen] = useState(selection !== null);
  const handle = useRef<MapHandle>(null);
  const opener = useRef(selection && stepOf(selection));
  /** A choice in the panel or table took itself away: the focus goes on to the next title. */
  const movesFocus = useRef(false);
  const titleRef = useCallback((title: HTMLElement | null) => {
    if (movesFocus.current && document.activeElement === document.body) title?.focus();
  }, []);
  const direction = state.direction ?? preferredDirection();
  const map = useJourneyMap(ready, state, change, direction, isPhone);
  const { mainSteps, order, steps, shown, fresh } = map;
  const { name, goal_activity: goal } = dataset;
  const facts = useMemo(() => factsOf(full, goal), [full, goal]);
  const ways = useCommonWays(datasetId, question, WAYS_SHOWN);
  const words = useMapWords(shown?.graph ?? full, unit, state.mode, shown?.mainSteps ?? mainSteps);

  useEffect(() => {
    // So that the address shows the same picture in another browser.
    if (state.direction === null && direction === "right") change({ direction });
  }, [state.direction, direction, change]);
  const turn = (next: Direction): void => {
    preferDirection(next);
    change({ direction: next, view: null });
  };
  const select = useCallback(
    (next: Selection | null, more: Partial<MapState> = {}) => {
      if (next) opener.current = stepOf(next);
      movesFocus.current = false;
      change({ selection: next, ...more });
      setPanelOpen(next !== null);
    },
    [change],
  );
  const selectInPanel = useCallback(
    (next: Selection | null, more?: Partial<MapState>) => {
      select(next, more);
      movesFocus.current = true;
      if (next === null) handle.current?.focusStep(opener.current);
    },
    [select],
  );
  const reveal: PanelProps["onReveal"] = (needed, next) => {
    const last = Math.max(...needed.map((step) => order.indexOf(step)));
    selectInPanel(next, last >= steps ? { steps: last + 1 } : {});
  };
  const listPaths = (step: string): void => {
    select({ kind: "step", step });
    requestAnimationFrame(() => document.querySelector<HTMLElement>("[data-paths-list] button")?.focus());
  };

  const without = shown?.graph.cases_without ?? 0;
  const controls = (
    <>
      {map.sliders.map((slider) => (
        <DataSlider key={slider.label} {...slider} />
      ))}
      <ModeSwitch mode={mode} onChange={(next) => change({ mode: next })} />
      <UnitSwitch />
    </>
  );
  const onPanelKey = (event: KeyboardEvent): void => {
    // Not from a help text, which closes by itself: it stands elsewhere in the document.
    const isHere = event.key === "Escape" && event.currentTarget.contains(event.target as Node);
    if (isHere && (selection || !isWide)) selectInPanel(null);
  };
  // What the whole map shows is known from all steps; a selection needs the shown ones.
  const isPanelKnown = !map.isWaiting || !selection;
  const panel = isPanelKnown ? (
    <div onKeyDown={onPanelKey}>
      <SidePanel
        {...{ full, isStale, facts, mode, unit, selection, titleRef }}
        graph={shown?.graph ?? full}
        ways={ways.data}
        onSelect={selectInPanel}
        onReveal={reveal}
      />
    </div>
  ) : (
    <PanelShape />
  );
  const hasGoal = mainSteps.at(-1) === goal;
  const legend = shown && (
    <Legend mode={mode} classes={shown.scene.classes} unit={unit} hasGoal={hasGoal} isInText={isPhone} />
  );

  const address = (): string => addressWith({ dataset: dataset.id, steps: String(steps), dir: directionCode(direction) });
  const noteSaved: OnSaved = (object, format) => noteExport(dataset.id, { object, format, address: address() });

  const tables = { name, titleRef, onSaved: noteSaved, onSelect: (next: Selection) => selectInPanel(next, { isTable: false }) };
  const picture = (): ReactNode => {
    if (steps > MOST_STEPS) return <TooMany onFewer={() => change({ steps: MOST_STEPS })} />;
    if (map.failure?.from === "layout" && fresh)
      return <MapTables {...tables} graph={fresh} paths={fresh.edges} onRetry={map.failure.retry} />;
    if (map.failure) return <ErrorState error={map.failure.error} onRetry={map.failure.retry} />;
    if (!shown) return <CanvasShape />;
    if (state.isTable) return <MapTables {...tables} graph={shown.graph} paths={[...shown.paths, ...shown.repeats]} selected={shown.selected} />;
    return (
      <MapCanvas
        handle={handle}
        scene={shown.scene}
        layoutKey={shown.places}
        direction={shown.direction}
        mode={mode}
        goal={goal}
        selection={selection}
        onSelect={select}
        leaving={map.leaving}
        isBusy={map.isBusy}
        isPhone={isPhone}
        hasSheet={isPhone}
        view={state.view}
        onView={(view) => change({ view })}
        {...words}
        onListPaths={listPaths}
        onTable={() => {
          movesFocus.current = true;
          change({ isTable: true });
        }}
        legend={!isPhone && legend}
      />
    );
  };

  const known = daysKnown([dataset], dataset.time_zone);
  const drawn = (): Picture | null => {
    const svg = handle.current?.svg();
    if (!svg || !shown) return null;
    const { bounds, classes } = shown.scene;
    const period = { from: from ?? known?.from ?? null, to: to ?? known?.to ?? null };
    const journeys = journeysOf(full);
    const scope = [
      `${f.number(journeys)} ${t("explore.unit", { unit, count: journeys })}`,
      ...scopeWords({ ...period, filter: filters, case: unit, session_gap_minutes: unit === "session" ? pause : null }),
    ];
    return { ...{ svg, bounds, classes, name, scope, mode, unit }, shown: map.sliders, hasGoal };
  };

  const actions = (
    <>
      {!isWide && !isPhone && (
        <Action label={t("explore.panel.open")} isPressed={isPanelOpen} onClick={() => setPanelOpen(!isPanelOpen)}>
          <IconLayoutSidebarRight size={16} stroke={1.7} />
        </Action>
      )}
      <Action label={t("explore.table")} isPressed={state.isTable} onClick={() => change({ isTable: !state.isTable })}>
        <IconTable size={16} stroke={1.7} />
        <span>{t("explore.table")}</span>
      </Action>
      <ExportMenu
        name={name}
        picture={drawn}
        isBusy={map.isBusy}
        graph={shown?.graph ?? null}
        address={address}
        onSaved={noteSaved}
        direction={direction}
        onDirection={turn}
      />
    </>
  );

  return (
    <>
      <ExploreTabs actions={actions} />
      <div className={css.mapPage}>
        <h1 className={css.hidden}>{t("explore.map.title", { name })}</h1>
        <div className={css.main}>
          {!isPhone && <div className={css.controls}>{controls}</div>}
          {without > 0 && <p className={css.without}>{t("explore.without", { unit, count: without, number: f.number(without) })}</p>}
          <div className={css.canvas}>
            <div>{picture()}</div>
          </div>
        </div>
        {!isPhone && (isWide || isPanelOpen) && (
          <aside className={css.side} aria-label={t("explore.panel")}>
            {panel}
          </aside>
        )}
        {isPhone && (
          <PhoneSheet
            summary={map.movesShare === null ? null : { steps: map.sliders[0]?.value ?? steps, share: map.movesShare }}
            isWaiting={map.isWaiting}
            controls={controls}
            selection={selection}
            legend={legend}
            onZoom={(factor) => handle.current?.zoomBy(factor)}
            onFit={() => handle.current?.fit()}
          >
            {panel}
          </PhoneSheet>
        )}
        <div className={css.hidden} role="status" aria-live="polite">
          {map.announced}
        </div>
      </div>
    </>
  );
}

/** The step of the map that a selection stands at. */
const stepOf = (selection: Selection): string => (selection.kind === "step" ? selection.step : selection.source);

function Action({ label, isPressed, onClick, children }: { label: string; isPressed: boolean; onClick: () => void; children: ReactNode }) {
  return (
    <button type="button" className={css.action} aria-pressed={isPressed} aria-label={label} onClick={onClick}>
      {children}
    </button>
  );
}

function TooMany({ onFewer }: { onFewer: () => void }) {
  const t = useText();
  return (
    <EmptyState title={t("explore.too_many")} text={t("explore.too_many_text", { most: MOST_STEPS })}>
      <button type="button" className={css.action} onClick={onFewer}>
        {t("explore.too_many_fewer", { most: MOST_STEPS })}
      </button>
    </EmptyState>
  );
}
