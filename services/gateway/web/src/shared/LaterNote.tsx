import { Link } from "@tanstack/react-router";
import type { Dataset } from "@/api/types";
import { useText } from "@/messages";
import { useScope } from "./scope";
import { scopeOf, type AppSearch } from "./search";
import { Note } from "./ui";

type Asked = Pick<Dataset, "id" | "events" | "later_events">;

/** Says that touchpoints on days later than today are left out where nobody chose a period, and where to look at them. */
export function LaterNote({ datasets, onLeave }: { datasets: readonly Asked[]; onLeave?: () => void }) {
  const t = useText();
  const { from, to } = useScope();
  const affected = datasets.filter((dataset) => dataset.later_events > 0);
  const [only, ...others] = affected;
  if (!only || from || to) return null;
  const sum = (of: "events" | "later_events") => datasets.reduce((all, dataset) => all + dataset[of], 0);
  const count = sum("later_events");
  const dataset = others.length === 0 ? only.id : null;
  return (
    <Note tone="warn">
      {t(count === sum("events") ? "common.later.all" : "common.later.some", { count })}{" "}
      {dataset ? (
        <Link to="/data/datasets/$datasetId" params={{ datasetId: dataset }} onClick={onLeave} search={(former: AppSearch) => ({ ...scopeOf(former), dataset, tab: "quality" })}>
          {t("common.later.quality")}
        </Link>
      ) : (
        <Link to="/data/datasets" onClick={onLeave} search={scopeOf}>
          {t("common.later.datasets")}
        </Link>
      )}
    </Note>
  );
}
