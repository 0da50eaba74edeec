import { useMediaQuery } from "@mantine/hooks";
import { useMemo, useState } from "react";
import { useDatasets } from "@/api/hooks";
import { useText } from "@/messages";
import { useFormat } from "@/shared/format";
import { Note } from "@/shared/ui";
import { preferredDirection } from "../direction";
import { sceneOf } from "../draw/scene";
import { Legend } from "../map/Legend";
import { MapCanvas } from "../map/MapCanvas";
import { useLabelWidth } from "../map/text";
import { CanvasShape } from "../MapShape";
import { useMapWords } from "../mapWords";
import { defaultPathRatio, pathCount, shownRepeats } from "../model/backbone";
import type { Graph } from "../model/graph";
import { mainWay } from "../model/mainWay";
import type { Selection } from "../state";
import { useLaidMap } from "../useLaidMap";
import css from "./models.module.css";

const NOTHING: ReadonlySet<string> = new Set();

/** A stored directly-follows graph as the journey map draws it: all its steps, the strongest paths, nothing to change. */
export function StoredMap({ graph, unit, datasetId }: { graph: Graph; unit: string; datasetId: string }) {
  const t = useText();
  const f = useFormat();
  const isPhone = useMediaQuery("(max-width: 759px)", false, { getInitialValueInEffect: false });
  const measure = useLabelWidth();
  const [selection, setSelection] = useState<Selection | null>(null);
  const goal = useDatasets().data?.find((dataset) => dataset.id === datasetId)?.goal_activity ?? null;
  const mainSteps = useMemo(() => mainWay(graph, goal), [graph, goal]);
  const [direction] = useState(preferredDirection);
  const { laid, error } = useLaidMap(graph, mainSteps, direction, isPhone && direction === "down");
  const words = useMapWords(graph, unit, "frequency", mainSteps);
  const scene = useMemo(() => {
    if (!laid) return null;
    const count = pathCount(laid.choice, defaultPathRatio(laid.choice, graph.nodes.length));
    return sceneOf({
      ...{ graph, mainSteps, mode: "frequency", places: laid.places, direction: laid.direction },
      paths: laid.choice.order.slice(0, count),
      repeats: shownRepeats(graph),
      labelOf: (_, moves) => f.number(moves),
      measure,
    });
  }, [laid, graph, mainSteps, measure, f]);
  if (error) return <Note tone="warn">{t("explore.model.not_drawn")}</Note>;
  if (!scene || !laid) return <CanvasShape className={css.canvas} />;
  return (
    <div className={css.canvas}>
      <MapCanvas
        {...{ scene, direction: laid.direction, goal, selection, isPhone, isBusy: false, leaving: NOTHING, view: null, mode: "frequency" }}
        layoutKey={laid.places}
        onSelect={setSelection}
        onView={() => undefined}
        {...words}
        legend={!isPhone && <Legend mode="frequency" classes={scene.classes} unit={unit} hasGoal={mainSteps.at(-1) === goal} />}
      />
    </div>
  );
}
