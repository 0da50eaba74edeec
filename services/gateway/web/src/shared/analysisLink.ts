import { linkOptions, type LinkProps } from "@tanstack/react-router";
import { useDatasets } from "@/api/hooks";
import type { Analysis } from "@/api/types";
import { scopeOf, scopeOfAnalysis } from "./search";

/** True where there is something to look at. */
export const hasResult = ({ status }: Pick<Analysis, "status">): boolean => status === "succeeded" || status === "partial";

/** The address of a result whose dataset is not there any more. */
export const frozenLink = (id: string): LinkProps => linkOptions({ to: "/history/analyses/$analysisId", params: { analysisId: id }, search: scopeOf });

/** Returns where an analysis opens: in the scope it was made in, or frozen once its dataset is gone; null where nothing can be opened. */
export function useAnalysisLink(): (analysis: Analysis) => LinkProps | null {
  const datasets = useDatasets().data;
  return (analysis) => {
    const isGone = datasets !== undefined && !datasets.some(({ id }) => id === analysis.dataset_id);
    if (isGone) return hasResult(analysis) ? frozenLink(analysis.id) : null;
    return linkOptions({ to: "/explore/models", search: { ...scopeOfAnalysis(analysis), analysis: analysis.id } });
  };
}
