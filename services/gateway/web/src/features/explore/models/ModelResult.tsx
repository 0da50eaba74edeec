import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { api } from "@/api/client";
import type { Analysis, HeuristicsResult, PetriResult, TreeResult } from "@/api/types";
import { useText } from "@/messages";
import { hasResult } from "@/shared/analysisLink";
import { ErrorState } from "@/shared/ui";
import { graphvizPlain } from "../draw/layoutClient";
import { CanvasShape } from "../MapShape";
import type { Graph } from "../model/graph";
import { heuristicsModel, modelDot, petriModel, placeModel, treeModel, type Model } from "./drawing";
import { ModelCanvas } from "./ModelCanvas";
import css from "./models.module.css";
import { StoredMap } from "./StoredMap";

type ResultOf = Graph | PetriResult | TreeResult | HeuristicsResult;

/** The stored result of an analysis; asked for only where there is one. */
export function useResult(analysis: Analysis | undefined) {
  return useQuery({
    queryKey: ["analyses", analysis?.id, "result"],
    queryFn: ({ signal }) => api.get<ResultOf>(`/analyses/${analysis?.id}/result`, {}, signal),
    enabled: analysis !== undefined && hasResult(analysis),
    staleTime: Infinity,
  });
}

/** The stored result of a finished analysis, drawn. */
export function ModelResult({ analysis }: { analysis: Analysis }) {
  const result = useResult(analysis);
  if (result.isError) return <ErrorState error={result.error} onRetry={() => void result.refetch()} />;
  if (!result.data) return <CanvasShape className={css.canvas} />;
  if (analysis.kind === "directly_follows")
    return <StoredMap graph={result.data as Graph} unit={analysis.case} datasetId={analysis.dataset_id} />;
  return <DrawnModel result={result.data as Exclude<ResultOf, Graph>} name={analysis.kind} />;
}

function modelOf(result: Exclude<ResultOf, Graph>): Model {
  if ("root" in result) return treeModel(result.root);
  return "places" in result ? petriModel(result) : heuristicsModel(result);
}

function DrawnModel({ result, name }: { result: Exclude<ResultOf, Graph>; name: string }) {
  const t = useText();
  const model = useMemo(() => modelOf(result), [result]);
  const dot = useMemo(() => modelDot(model), [model]);
  const plain = useQuery({ queryKey: ["layout", dot], queryFn: () => graphvizPlain(dot), staleTime: Infinity, retry: false });
  const drawing = useMemo(() => (plain.data === undefined ? null : placeModel(model, plain.data)), [model, plain.data]);
  if (plain.isError) return <ErrorState error={plain.error} title={t("explore.model.not_drawn")} onRetry={() => void plain.refetch()} />;
  if (!drawing) return <CanvasShape className={css.canvas} />;
  const shape = "root" in result ? "tree" : "places" in result ? "petri" : "heuristics";
  const steps = model.nodes.filter(({ kind }) => kind === "step").length;
  return (
    <div className={css.canvas}>
      <ModelCanvas key={dot} drawing={drawing} label={t("explore.model.label", { kind: t(`common.analysis.${name}`), count: steps })} />
      <div className={css.legend}>{t(`explore.model.legend.${shape}`)}</div>
    </div>
  );
}
