import { Button } from "@mantine/core";
import { IconHierarchy3 } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { Link, Navigate } from "@tanstack/react-router";
import { useEffect, useRef, useState, type FormEvent } from "react";
import { ApiError, api } from "@/api/client";
import { useAnalyses, useChange, useDatasets } from "@/api/hooks";
import type { Analysis, AnalysisInput, AnalysisKind } from "@/api/types";
import { T, useText } from "@/messages";
import { useFormat } from "@/shared/format";
import { useScopeWords } from "@/shared/filters";
import { isSameTerms } from "@/shared/filters/sameTerms";
import { noteExport } from "@/shared/noteExport";
import { caseQuery, useScope, useUrlState, type Scope } from "@/shared/scope";
import { scopeOfAnalysis, stringifySearch } from "@/shared/search";
import { EmptyState, ErrorState, HelpHover, LinkButton, LoadingRows, Note, useDocumentTitle, useErrorText } from "@/shared/ui";
import { DataSlider, UnitSwitch } from "./ControlBar";
import { ExploreTabs, useReady, type Ready } from "./ExploreLayout";
import explore from "./explore.module.css";
import { warmUpLayout } from "./draw/layoutClient";
import { CanvasShape } from "./MapShape";
import { AnalysisView, isRunning, useAnalysis } from "./models/AnalysisView";
import css from "./models/models.module.css";
import { journeysOf } from "./model/graph";

/** Kinds to choose from, simplest to read first, with their parameters (0-1) and what these start at. */
const KINDS: { kind: AnalysisKind; parameters: Record<string, number> }[] = [
  { kind: "heuristics_net", parameters: { dependency_threshold: 0.8, and_threshold: 0.65, loop_two_threshold: 0.5 } },
  { kind: "inductive_tree", parameters: { noise_threshold: 0.2 } },
  { kind: "inductive_petri", parameters: { noise_threshold: 0.2 } },
  { kind: "heuristics_petri", parameters: { dependency_threshold: 0.5, and_threshold: 0.65, loop_two_threshold: 0.5 } },
  { kind: "alpha", parameters: {} },
  { kind: "directly_follows", parameters: {} },
];
const PERCENT = 100;
const READ_ANALYSES = 50;
const EARLIER_MODELS = 5;

/** Explore, Models: other pictures of the same journeys, built as jobs and kept in History. */
export default function ModelsPage() {
  const t = useText();
  useDocumentTitle(t("explore.tab.models"));
  useEffect(warmUpLayout, []);
  const [analysisId, setAnalysisId] = useUrlState("analysis", "");
  const { ready, missing } = useReady();
  const form = useRef<HTMLDivElement>(null);
  const result = useRef<HTMLElement>(null);
  const shownId = useRef(analysisId);
  useEffect(() => {
    if (shownId.current === analysisId) return;
    shownId.current = analysisId;
    // What was pressed may be out of sight of the model on a phone, or gone.
    const part = analysisId === "" ? form.current : result.current;
    part?.focus({ preventScroll: true });
    part?.scrollIntoView();
  }, [analysisId]);
  // What is missing is said once, on the whole page.
  const isAlone = missing != null && analysisId === "";
  return (
    <>
      <ExploreTabs />
      <h1 className={explore.hidden}>{t("explore.tab.models")}</h1>
      <div className={css.page} data-open={analysisId !== "" || undefined} data-alone={isAlone || undefined}>
        <div className={css.form} ref={form} tabIndex={-1}>
          {ready ? <ModelForm {...ready} onStarted={setAnalysisId} /> : (missing ?? <LoadingRows rows={8} height={56} />)}
        </div>
        {!isAlone && (
          <section className={css.result} ref={result} tabIndex={-1} aria-label={t("explore.model.region")}>
            {analysisId !== "" ? (
              <Result key={analysisId} id={analysisId} onOther={setAnalysisId} />
            ) : ready ? (
              <EarlierModels datasetId={ready.dataset.id} />
            ) : (
              <EarlierShape />
            )}
          </section>
        )}
      </div>
    </>
  );
}

function EarlierShape() {
  return (
    <div className={css.earlierShape}>
      <LoadingRows rows={EARLIER_MODELS} height={64} />
    </div>
  );
}

/** What there is to look at before anything is chosen: the newest models of the dataset. */
function EarlierModels({ datasetId }: { datasetId: string }) {
  const t = useText();
  const f = useFormat();
  const scopeWords = useScopeWords();
  const analyses = useAnalyses({ dataset_id: datasetId, status: ["succeeded", "partial"], limit: READ_ANALYSES });
  if (analyses.isPending) return <EarlierShape />;
  if (analyses.isError) return <ErrorState error={analyses.error} onRetry={() => void analyses.refetch()} />;
  const models = analyses.data.items.filter(({ kind }) => KINDS.some((one) => one.kind === kind)).slice(0, EARLIER_MODELS);
  const icon = <IconHierarchy3 size={22} stroke={1.7} />;
  if (models.length === 0) return <EmptyState icon={icon} title={t("explore.model.none")} text={t("explore.model.none_text")} />;
  return (
    <EmptyState icon={icon} title={t("explore.model.earlier")} text={t("explore.model.earlier_text")}>
      <ul className={css.earlier}>
        {models.map((model) => (
          <li key={model.id}>
            <Link to="/explore/models" search={{ ...scopeOfAnalysis(model), analysis: model.id }}>
              <b>{t(`common.analysis.${model.kind}`)}</b>
              <small>{scopeWords(model).join(" · ")}</small>
              <small>
                {t("explore.model.earlier_of", {
                  unit: model.case,
                  count: model.cases,
                  journeys: f.number(model.cases),
                  ago: model.finished_at ? f.ago(model.finished_at) : "",
                })}
              </small>
            </Link>
          </li>
        ))}
      </ul>
    </EmptyState>
  );
}

/** Starts an analysis of the scope in use. */
function useStart(onStarted: (id: string) => void) {
  const { dataset, from, to, filters, unit, pause } = useScope();
  const start = useChange((input: AnalysisInput) => api.post<Analysis>("/analyses", input), [["analyses"]]);
  const begin = (kind: AnalysisKind, parameters: Record<string, number>): void => {
    if (!dataset) return;
    const input: AnalysisInput = {
      ...{ dataset_id: dataset.id, kind, parameters, ...caseQuery(dataset, unit, pause) },
      ...(from !== null && { from }),
      ...(to !== null && { to }),
      ...(filters.length > 0 && { filter: filters }),
    };
    start.mutate(input, { onSuccess: (analysis) => onStarted(analysis.id) });
  };
  return { begin, isPending: start.isPending, error: start.error };
}

function ModelForm({ full, onStarted }: Ready & { onStarted: (id: string) => void }) {
  const t = useText();
  const f = useFormat();
  const errorText = useErrorText();
  const { unit } = useScope();
  const [kind, setKind] = useState<AnalysisKind>("heuristics_net");
  const [values, setValues] = useState<Record<string, number>>({});
  const { begin, isPending, error } = useStart(onStarted);
  const parameters = Object.entries(KINDS.find((one) => one.kind === kind)?.parameters ?? {}).map(([name, fallback]) => ({
    name,
    value: values[name] ?? fallback,
  }));
  const journeys = journeysOf(full);

  function submit(event: FormEvent) {
    event.preventDefault();
    begin(kind, Object.fromEntries(parameters.map(({ name, value }) => [name, value])));
  }

  return (
    <form onSubmit={submit}>
      <h2>{t("explore.model.title")}</h2>
      <p className={css.lead}>
        <T id="explore.model.scope" values={{ unit, count: journeys, number: f.number(journeys) }} />
      </p>
      <div className={css.unit}>
        <UnitSwitch />
      </div>
      <fieldset className={css.kinds}>
        <legend className={explore.hidden}>{t("explore.model.kind")}</legend>
        {KINDS.map((one) => (
          <label key={one.kind} className={css.kind}>
            <input type="radio" name="kind" checked={kind === one.kind} onChange={() => setKind(one.kind)} />
            <span>
              <b>{t(`common.analysis.${one.kind}`)}</b>
              <small>{t(`explore.model.about.${one.kind}`)}</small>
            </span>
          </label>
        ))}
      </fieldset>
      {parameters.length > 0 && (
        <div className={css.parameters}>
          {parameters.map(({ name, value }) => {
            const set = (percent: number): void => setValues({ ...values, [name]: percent / PERCENT });
            const text = f.share(value);
            return (
              <div key={name}>
                <DataSlider
                  label={t(`explore.model.parameter.${name}`)}
                  help={<HelpHover term={t(`explore.model.parameter.${name}`)} textId={`explore.help.parameter.${name}`} helpPage="models" />}
                  text={text}
                  spoken={text}
                  min={0}
                  max={PERCENT}
                  step={1}
                  value={Math.round(value * PERCENT)}
                  onDrag={set}
                  onRelease={set}
                />
                <p className={css.parameterNote}>{t(`explore.model.parameter_note.${name}`)}</p>
              </div>
            );
          })}
        </div>
      )}
      <div className={css.submit}>
        {error && <Note tone="danger">{errorText(error)}</Note>}
        <Button type="submit" loading={isPending}>
          {t("explore.model.build")}
        </Button>
      </div>
    </form>
  );
}

function Result({ id, onOther }: { id: string; onOther: (id: string | null) => void }) {
  const t = useText();
  const client = useQueryClient();
  const scope = useScope();
  const datasets = useDatasets().data;
  const analysis = useAnalysis(id);
  const isOver = analysis.data !== undefined && !isRunning(analysis.data);
  useEffect(() => {
    // The jobs tray and History show it too.
    if (isOver)
      void client.invalidateQueries({ queryKey: ["analyses"], refetchType: "active", predicate: ({ queryKey }) => queryKey[1] !== id });
  }, [isOver, client, id]);
  const isErased = scope.dataset === null && analysis.error instanceof ApiError && analysis.error.status === 404;
  const isThere = !isErased && (!analysis.data || datasets?.some(({ id }) => id === analysis.data.dataset_id));
  // Form and scope need the dataset.
  if (datasets && !isThere) {
    const search = scope.dataset ? { dataset: scope.dataset.id } : {};
    return <Navigate to="/history/analyses/$analysisId" params={{ analysisId: id }} search={search} replace />;
  }
  if (analysis.isError) return <ErrorState error={analysis.error} onRetry={() => void analysis.refetch()} />;
  if (!analysis.data) return <CanvasShape className={css.canvas} />;
  const { kind, dataset_id } = analysis.data;
  const address = `/explore/models${stringifySearch({ ...scopeOfAnalysis(analysis.data), analysis: id })}`;
  const noteSaved = (format: "svg" | "png"): void => noteExport(dataset_id, { object: "model", format, name: t(`common.analysis.${kind}`), object_id: id, address });
  return (
    <AnalysisView
      analysis={analysis.data}
      note={scope.dataset && !isMadeIn(scope, analysis.data) && <OtherScope analysis={analysis.data} onStarted={onOther} />}
      onSaved={noteSaved}
      onOther={() => onOther(null)}
    />
  );
}

/** Says that a model is of another scope than the chosen one; leads to its own, or makes it anew for the chosen one. */
function OtherScope({ analysis, onStarted }: { analysis: Analysis; onStarted: (id: string) => void }) {
  const t = useText();
  const errorText = useErrorText();
  const { begin, isPending, error } = useStart(onStarted);
  const mayAnalyse = useScope().dataset?.access.can_analyse ?? false;
  return (
    <>
      <Note>
        {t("explore.model.other_scope")}
        <div className={css.ways}>
          {mayAnalyse && (
            <Button variant="default" size="compact-sm" loading={isPending} onClick={() => begin(analysis.kind, analysis.parameters)}>
              {t("explore.model.build_anew")}
            </Button>
          )}
          <LinkButton variant="subtle" size="compact-sm" to="/explore/models" search={{ ...scopeOfAnalysis(analysis), analysis: analysis.id }}>
            {t("explore.model.show_scope")}
          </LinkButton>
        </div>
      </Note>
      {error && <Note tone="danger">{errorText(error)}</Note>}
    </>
  );
}

/** Whether the scope chosen on the page is the one of an analysis. */
function isMadeIn({ datasetId, from, to, filters, unit, pause }: Scope, analysis: Analysis): boolean {
  const isSamePause = unit === "customer" || pause === (analysis.session_gap_minutes ?? 0);
  const isSameCut = unit === analysis.case && isSamePause;
  return datasetId === analysis.dataset_id && from === analysis.from && to === analysis.to && isSameCut && isSameTerms(filters, analysis.filter);
}
