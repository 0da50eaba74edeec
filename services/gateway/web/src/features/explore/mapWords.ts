import { useMemo } from "react";
import { useText, type Translate } from "@/messages";
import { useFormat, type Formatters } from "@/shared/format";
import type { CardShape, MapMode, PathShape } from "./draw/scene";
import type { Classes } from "./model/classes";
import { journeysOf, stepsByName, type Graph } from "./model/graph";

export interface MapWords {
  /** The name of a card for screen readers. */
  cardLabel: (card: CardShape) => string;
  /** The tooltip of a card. */
  cardLines: (card: CardShape) => string[];
  /** The tooltip of a path. */
  pathLines: (shape: PathShape) => string[];
}

/** What the map says about its steps and paths. */
export function useMapWords(graph: Graph, unit: string, mode: MapMode, mainSteps: readonly string[]): MapWords {
  const t = useText();
  const f = useFormat();
  return useMemo(() => {
    const steps = stepsByName(graph);
    const main = new Set(mainSteps);
    const said = ({ step }: CardShape) => ({
      ...{ unit, step: step.activity, count: step.count, events: f.number(step.count) },
      share: f.share(step.cases / Math.max(1, journeysOf(graph))),
    });
    const facts = (card: CardShape, message: "explore.card.facts" | "explore.tip.step"): string => {
      if (mode === "frequency") return t(message, said(card));
      const wait = card.step.median_next_seconds;
      return wait === null ? t("explore.card.last") : t("explore.tip.next", { median: f.duration(wait) });
    };
    return {
      cardLabel: (card) => t("explore.card.label", { step: card.step.activity, facts: facts(card, "explore.card.facts"), isMain: main.has(card.step.activity) ? "yes" : "no" }),
      cardLines: (card) => [card.step.activity, facts(card, "explore.tip.step")],
      pathLines: ({ path, source, target, count }) => {
        if (!path) return [`${source} → ${target}`];
        const exits = steps.get(source)?.count ?? 0;
        return [
          source === target ? t("explore.tip.repeat", { step: source }) : `${source} → ${target}`,
          t("explore.tip.moves", { count, moves: f.number(count), share: f.share(exits === 0 ? 0 : count / exits), step: source }),
          t("explore.tip.wait", { median: f.duration(path.median_seconds), slow: f.duration(path.p90_seconds) }),
          ...(path.hidden_ratio > 0 ? [t("explore.path.hidden", { share: f.share(path.hidden_ratio) })] : []),
        ];
      },
    };
  }, [graph, unit, mode, mainSteps, t, f]);
}

/** What stands before and after the shades of the colour scale: its real bounds, where it has them. */
export function scaleWords(mode: MapMode, { bounds }: Classes, t: Translate, f: Formatters): [before: string, after: string] {
  const [least, most] = [bounds[0], bounds.at(-1)];
  if (least === undefined || most === undefined) return [t(`explore.legend.${mode}`), ""];
  const say = mode === "time" ? f.duration : f.number;
  const isInstant = mode === "time" && least < 1;
  return [isInstant ? say(least) : t(`explore.legend.${mode}_least`, { bound: mode === "time" ? say(least) : least }), t(`explore.legend.${mode}_most`, { bound: say(most) })];
}
