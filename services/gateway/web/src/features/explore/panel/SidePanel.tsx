import { Button } from "@mantine/core";
import { IconChevronRight, IconClock, IconRepeat, IconTarget, IconX } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { Fragment, type ReactNode, type Ref } from "react";
import { useDirectlyFollows } from "@/api/hooks";
import type { Variants } from "@/api/types";
import { T, useText } from "@/messages";
import { Change, ComparedWith, daysKnown, formerOf } from "@/shared/compare";
import { formatTerm, withTerm, type Term } from "@/shared/filters";
import { useFormat, type ChangeKind } from "@/shared/format";
import { daysWithin } from "@/shared/period";
import { useScope } from "@/shared/scope";
import { scopeOf } from "@/shared/search";
import { HelpHover } from "@/shared/ui";
import type { MapMode } from "../draw/scene";
import type { Facts } from "../model/facts";
import { END, START, journeysOf, stepsByName, type Graph, type Path, type Step } from "../model/graph";
import { neighbours, type NeighbourRow } from "../model/neighbours";
import type { Selection } from "../state";
import css from "./panel.module.css";
import { WaitHistogram } from "./WaitHistogram";

const FEW_MOVES = 20;
const WAY_CHIPS = 6;

export interface PanelProps {
  full: Graph;
  graph: Graph;
  facts: Facts;
  ways: Variants | undefined;
  /** `full` is of the scope before; its changes would be against the wrong period. */
  isStale: boolean;
  selection: Selection | null;
  mode: MapMode;
  /** "session" or "customer": the unit of a journey. */
  unit: string;
  titleRef?: Ref<HTMLHeadingElement>;
  onSelect: (selection: Selection | null) => void;
  /** Shows the named steps, then selects. */
  onReveal: (steps: string[], selection: Selection) => void;
}

/** The side panel: what the map shows, or the selected step or path. */
export function SidePanel(props: PanelProps) {
  return (
    <>
      <Shown {...props} />
      {props.selection && <NoChange />}
    </>
  );
}

/** Where the reader compares: a selection shows this period only. */
function NoChange() {
  const t = useText();
  return useScope().previous && <p className={css.small}>{t("explore.panel.no_change")}</p>;
}

function Shown(props: PanelProps) {
  const { selection, graph, full, onReveal } = props;
  if (!selection) return <Summary {...props} />;
  if (selection.kind === "step") {
    const step = stepsByName(graph).get(selection.step);
    if (step) return <StepPanel {...props} step={step} />;
    const isHidden = full.nodes.some((node) => node.activity === selection.step);
    return <Unknown name={selection.step} {...props} onShow={isHidden ? () => onReveal([selection.step], selection) : null} />;
  }
  const { source, target } = selection;
  const path = graph.edges.find((edge) => edge.source === source && edge.target === target);
  if (path) return <PathPanel {...props} path={path} />;
  const isHidden = full.edges.some((edge) => edge.source === source && edge.target === target);
  return <Unknown name={`${source} → ${target}`} {...props} onShow={isHidden ? () => onReveal([source, target], selection) : null} />;
}

function Head({ kind, title, titleRef, onSelect }: Pick<PanelProps, "titleRef" | "onSelect"> & { kind: string; title: ReactNode }) {
  const t = useText();
  return (
    <header className={css.head}>
      <div>
        <div className={css.kind}>{kind}</div>
        <h2 className={css.title} ref={titleRef} tabIndex={-1}>
          {title}
        </h2>
      </div>
      <button type="button" className={css.close} aria-label={t("explore.panel.close")} onClick={() => onSelect(null)}>
        <IconX size={18} stroke={1.7} />
      </button>
    </header>
  );
}

function Tiles({ items }: { items: [value: string, label: string, change?: ReactNode][] }) {
  return (
    <dl className={css.tiles}>
      {items.map(([value, label, change]) => (
        <div key={label}>
          <dd>{value}</dd>
          <dt>{label}</dt>
          {change && <dd>{change}</dd>}
        </div>
      ))}
    </dl>
  );
}

function Unknown({ name, onShow, titleRef, onSelect }: PanelProps & { name: string; onShow: (() => void) | null }) {
  const t = useText();
  return (
    <>
      <Head kind={t("explore.panel.selected")} title={name} {...{ titleRef, onSelect }} />
      <p className={css.lead}>{onShow ? t("explore.panel.hidden") : t("explore.panel.not_in_scope")}</p>
      {onShow && <Button onClick={onShow}>{t("explore.panel.show_it")}</Button>}
    </>
  );
}

function Summary({ full, facts, ways, isStale, unit, titleRef, onReveal }: PanelProps) {
  const t = useText();
  const f = useFormat();
  const journeys = journeysOf(full);
  const { goal, longestWait, mostRepeated } = facts;
  const { datasetId, dataset, previous, question } = useScope();
  const known = daysKnown(dataset ? [dataset] : [], dataset?.time_zone ?? "UTC");
  const hasDays = previous !== null && daysWithin(previous, known) > 0;
  const query = useDirectlyFollows(datasetId, { ...question, ...previous }, hasDays);
  const former = isStale ? undefined : formerOf(query, hasDays, (graph) => journeysOf(graph) === 0);
  const change = (of: (graph: Graph) => number, kind?: ChangeKind) => previous && <Change now={of(full)} was={former && of(former)} kind={kind} />;
  return (
    <>
      <h2 className={css.title} ref={titleRef} tabIndex={-1}>
        {t("explore.summary.title")}
      </h2>
      <p className={css.lead}>{t("explore.summary.lead")}</p>
      <Tiles
        items={[
          [f.number(journeys), t("explore.unit", { unit, count: journeys }), change(journeysOf)],
          [f.number(full.variants_total), t("explore.summary.ways", { count: full.variants_total }), change((graph) => graph.variants_total)],
          [f.duration(full.median_case_seconds), t("explore.summary.median"), change((graph) => graph.median_case_seconds, "duration")],
        ]}
      />
      <ComparedWith known={known} isEmpty={former === null} query={query} />
      {(goal ?? longestWait ?? mostRepeated) && <h3 className={css.section}>{t("explore.facts.title")}</h3>}
      <ul className={css.facts}>
        {goal && (
          <Fact
            icon={<IconTarget size={16} stroke={1.7} />}
            tone="goal"
            help={<HelpHover term={t("explore.help.goal_term")} textId="explore.help.goal" helpPage="glossary" />}
            onClick={() => onReveal([goal.step], { kind: "step", step: goal.step })}
          >
            <T id="explore.facts.goal" values={{ share: f.share(goal.ratio), unit, step: goal.step }} />
            <small>{t("explore.facts.of", { part: f.number(goal.journeys), whole: f.number(journeys) })}</small>
          </Fact>
        )}
        {longestWait && (
          <Fact
            icon={<IconClock size={16} stroke={1.7} />}
            tone="wait"
            onClick={() =>
              onReveal([longestWait.source, longestWait.target], { kind: "path", source: longestWait.source, target: longestWait.target })
            }
          >
            <T id="explore.facts.wait" values={{ time: f.duration(longestWait.median_seconds) }} />
            <small>
              {t("explore.facts.wait_where", {
                source: longestWait.source,
                target: longestWait.target,
                moves: f.number(longestWait.count),
                count: longestWait.count,
              })}
            </small>
          </Fact>
        )}
        {mostRepeated && (
          <Fact
            icon={<IconRepeat size={16} stroke={1.7} />}
            tone="repeat"
            onClick={() => onReveal([mostRepeated.step.activity], { kind: "step", step: mostRepeated.step.activity })}
          >
            <T id="explore.facts.repeats" values={{ step: mostRepeated.step.activity, times: mostRepeated.times }} />
            <small>{t("explore.facts.repeats_note")}</small>
          </Fact>
        )}
      </ul>
      {ways && ways.items.length > 0 && <Ways ways={ways} unit={unit} />}
    </>
  );
}

function Fact({ icon, tone, help, onClick, children }: { icon: ReactNode; tone: string; help?: ReactNode; onClick: () => void; children: ReactNode }) {
  return (
    <li>
      <button type="button" className={css.fact} onClick={onClick}>
        <span className={css.factIcon} data-tone={tone}>
          {icon}
        </span>
        <span className={css.factText}>{children}</span>
      </button>
      {help}
    </li>
  );
}

function Ways({ ways, unit }: { ways: Variants; unit: string }) {
  const t = useText();
  const f = useFormat();
  return (
    <>
      <h3 className={css.section}>{t("explore.ways.title")}</h3>
      <ol className={css.ways}>
        {ways.items.map((way) => (
          <li key={way.activities.join("\u0000")}>
            <div className={css.wayHead}>
              <b>
                {f.number(way.count)} {t("explore.unit", { unit, count: way.count })}
              </b>
              <span>{f.share(way.share_ratio)}</span>
            </div>
            <StepChips steps={way.activities} most={WAY_CHIPS} />
          </li>
        ))}
      </ol>
      <Link to="/explore/variants" search={scopeOf} className={css.more}>
        {t("explore.ways.all", { count: ways.variants_total, number: f.number(ways.variants_total) })}
        <IconChevronRight size={14} stroke={1.7} />
      </Link>
    </>
  );
}

/** Steps in order as chips; repeats of one step side by side are counted on one chip. */
export function StepChips({ steps, most }: { steps: readonly string[]; most: number }) {
  const t = useText();
  const runs: { step: string; times: number }[] = [];
  for (const step of steps) {
    const last = runs.at(-1);
    if (last?.step === step) last.times += 1;
    else runs.push({ step, times: 1 });
  }
  const rest = runs.slice(most).reduce((sum, run) => sum + run.times, 0);
  return (
    <div className={css.chips}>
      {runs.slice(0, most).map((run, index) => (
        <Fragment key={index}>
          {index > 0 && <IconChevronRight size={12} stroke={1.7} aria-hidden />}
          <span className={css.chip}>
            {run.step}
            {run.times > 1 && <em>{t("explore.ways.times", { count: run.times })}</em>}
          </span>
        </Fragment>
      ))}
      {rest > 0 && <span className={css.rest}>{t("explore.ways.more", { count: rest })}</span>}
    </div>
  );
}

/** The two buttons that turn a selection into a filter. */
function KeepOrLeave({ term }: { term: Term }) {
  const t = useText();
  const { filters, setScope } = useScope();
  const add = (isNegated: boolean) => () => setScope({ filters: withTerm(filters, { ...term, isNegated }) });
  const isKept = filters.includes(formatTerm(term));
  return (
    <div className={css.actions}>
      <Button px={8} onClick={add(false)} disabled={isKept}>
        {t("explore.panel.keep")}
      </Button>
      <Button px={8} variant="default" onClick={add(true)}>
        {t("explore.panel.leave_out")}
      </Button>
    </div>
  );
}

function StepPanel({ graph, step, mode, unit, titleRef, onSelect }: PanelProps & { step: Step }) {
  const t = useText();
  const f = useFormat();
  const { activity } = step;
  return (
    <>
      <Head kind={t("explore.step.kind")} title={activity} {...{ titleRef, onSelect }} />
      <Tiles
        items={[
          [f.number(step.count), t("explore.step.events", { count: step.count })],
          [f.share(step.cases / journeysOf(graph)), t("explore.step.of_journeys", { unit })],
          [t("explore.step.times", { times: step.count / step.cases }), t("explore.step.per_journey", { unit })],
        ]}
      />
      <KeepOrLeave term={{ kind: "step", field: "step", isNegated: false, values: [activity] }} />
      <Neighbours title={t(`explore.step.before_${mode}`)} step={activity} side="before" {...{ graph, mode, onSelect }} />
      <Neighbours title={t(`explore.step.after_${mode}`)} step={activity} side="after" {...{ graph, mode, onSelect }} />
    </>
  );
}

type NeighboursProps = Pick<PanelProps, "graph" | "mode" | "onSelect"> & {
  title: string;
  step: string;
  side: "before" | "after";
};

/** What comes before or after a step; with waiting times each path tells its own; what has none tells its count, less loudly. */
function Neighbours({ title, step, side, graph, mode, onSelect }: NeighboursProps) {
  const t = useText();
  const f = useFormat();
  const rows = neighbours(graph, step, side);
  const longest = Math.max(...rows.map((row) => ("medianSeconds" in row ? row.medianSeconds : 0)), 1);
  const nameOf = (row: NeighbourRow): string => {
    if (row.kind === "others") return t("explore.step.others", { count: row.paths });
    if (row.kind === "repeat") return t("explore.step.same_again");
    if (row.place === START) return t("explore.step.start");
    return row.place === END ? t("explore.step.end") : row.place;
  };
  return (
    <section>
      <h3 className={css.section}>{title}</h3>
      <ul className={css.rows} data-paths-list={side}>
        {rows.map((row) => {
          const isPath = "medianSeconds" in row;
          const seconds = mode === "time" && isPath ? row.medianSeconds : null;
          const barRatio = mode === "time" ? (seconds ?? 0) / longest : row.ratio;
          const content = (
            <>
              <span className={css.rowName}>{nameOf(row)}</span>
              <span className={css.rowCount}>
                {seconds === null ? (
                  <>
                    {mode === "frequency" ? <b>{f.number(row.count)}</b> : f.number(row.count)} {"·"} {f.share(row.ratio)}
                  </>
                ) : (
                  <T id="explore.step.wait" values={{ time: f.duration(seconds), count: row.count, moves: f.number(row.count) }} />
                )}
              </span>
              <span className={css.rowBar} data-mode={mode} data-quiet={!isPath || undefined}>
                <span style={{ width: `${barRatio * 100}%` }} />
              </span>
            </>
          );
          const key = row.kind === "others" ? "others" : row.place;
          if (!isPath)
            return (
              <li key={key}>
                <div className={css.row}>{content}</div>
              </li>
            );
          const [source, target] = side === "before" ? [row.place, step] : [step, row.place];
          return (
            <li key={key}>
              <button type="button" className={css.row} onClick={() => onSelect({ kind: "path", source, target })}>
                {content}
              </button>
            </li>
          );
        })}
      </ul>
    </section>
  );
}

function PathPanel({ full, graph, path, titleRef, onSelect }: PanelProps & { path: Path }) {
  const t = useText();
  const f = useFormat();
  const { source, target } = path;
  const direct = full.edges.find((edge) => edge.source === source && edge.target === target);
  const shown = stepsByName(graph);
  const exits = shown.get(source)?.count ?? 0;
  const isWhole = full.nodes.every((step) => shown.has(step.activity));
  const title = (
    <>
      <button type="button" className={css.stepLink} onClick={() => onSelect({ kind: "step", step: source })}>
        {source}
      </button>
      {" → "}
      <button type="button" className={css.stepLink} onClick={() => onSelect({ kind: "step", step: target })}>
        {target}
      </button>
    </>
  );
  return (
    <>
      <Head kind={t("explore.path.kind")} title={title} {...{ titleRef, onSelect }} />
      <Tiles
        items={[
          [f.number(path.count), t("explore.path.moves", { count: path.count })],
          [f.share(exits === 0 ? 0 : path.count / exits), t("explore.path.of_exits", { step: source })],
          [f.duration(path.median_seconds), t("explore.path.median")],
        ]}
      />
      {path.hidden_ratio > 0 && (
        <p className={css.note}>
          {t("explore.path.hidden", { share: f.share(path.hidden_ratio) })}
          {direct && (
            <>
              <br />
              {t("explore.path.direct", { count: direct.count, moves: f.number(direct.count), median: f.duration(direct.median_seconds) })}
            </>
          )}
        </p>
      )}
      <KeepOrLeave term={{ kind: "direct", field: "direct", isNegated: false, sequences: [[source, target]] }} />
      {path.hidden_ratio > 0 && <p className={css.small}>{t("explore.path.filter_note")}</p>}
      <h3 className={css.section}>{t("explore.path.waiting")}</h3>
      <p className={css.lead}>
        <T id="explore.path.slowest" values={{ time: f.duration(path.p90_seconds) }} />
      </p>
      <WaitHistogram path={path} kept={isWhole ? [] : [...shown.keys()]} />
      {path.count < FEW_MOVES && <p className={css.note}>{t("explore.path.few", { count: path.count })}</p>}
    </>
  );
}
