import { useLocation, useNavigate, useSearch } from "@tanstack/react-router";
import { useDatasets } from "@/api/hooks";
import { useText } from "@/messages";
import { fieldLabel } from "./fields";
import { parseTerm } from "./filters/terms";
import { rememberDataset, usePathParam, useScope } from "./scope";
import { scopeIn, type AppSearch } from "./search";
import { useUndo } from "./ui/undo";

/** Returns a function that takes the page to another dataset, says which filters it lacks, and offers to go back. */
export function useDatasetSwitch(): (id: string, to?: string) => void {
  const t = useText();
  const navigate = useNavigate();
  const offerUndo = useUndo();
  const { pathname } = useLocation();
  const inAddress: AppSearch = useSearch({ strict: false });
  const datasets = useDatasets().data;
  const { datasetId, filters } = useScope();
  const isDatasetPage = usePathParam("datasetId") !== "";
  const isImportPage = usePathParam("importId") !== "";
  return (id, to) => {
    const target = datasets?.find((candidate) => candidate.id === id);
    if (!target || (id === datasetId && !to)) return;
    const former: AppSearch = { ...(datasetId && { dataset: datasetId }), ...inAddress };
    // Only the scope goes along: steps, views and results in the address belong to the former dataset.
    const search = scopeIn(former, target);
    rememberDataset(id);
    // A page about one dataset gives way to that of the other one; an import belongs to none but its own.
    void navigate({ to: to ?? (isDatasetPage ? `/data/datasets/${id}` : isImportPage ? "/data/imports" : "."), search });
    const dropped = filters.filter((term) => !search.f?.includes(term));
    if (dropped.length === 0) return;
    const fields = dropped.map((term) => fieldLabel(t, parseTerm(term)?.field ?? term)).join(", ");
    offerUndo(t("shell.filters_dropped", { fields, dataset: target.name, count: dropped.length }), () => {
      if (datasetId) rememberDataset(datasetId);
      void navigate({ to: pathname, search: former });
    });
  };
}
