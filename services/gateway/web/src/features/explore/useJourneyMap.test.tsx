import { act, renderHook } from "@testing-library/react";
import { beforeAll, expect, it, vi } from "vitest";
import { loadMessages, Messages } from "@/messages";
import type { Ready } from "./ExploreLayout";
import { pathChoice, pathCount } from "./model/backbone";
import { graphOf, randomJourneys } from "./test/samples";
import { readMapState } from "./state";
import { useJourneyMap } from "./useJourneyMap";

const journeys = graphOf(randomJourneys(3, 8, 400));
const choice = pathChoice(journeys, ["s0", "s1"]);
const laid = { graph: journeys, mainSteps: ["s0", "s1"], choice, places: {}, direction: "down" };
vi.mock("@/api/hooks", () => ({ useDirectlyFollows: () => ({ data: journeys, isPlaceholderData: false }) }));
vi.mock("@/shared/scope", () => ({ useScope: () => ({ datasetId: "d1", question: {} }) }));
const layout = vi.hoisted<{ laid: unknown; error: Error | null }>(() => ({ laid: null, error: null }));
vi.mock("./useLaidMap", () => ({ useLaidMap: () => ({ ...layout, isLaying: false }) }));
vi.mock("./draw/scene", () => ({ sceneOf: () => ({}) }));
vi.mock("./map/text", () => ({ useLabelWidth: () => () => 0 }));

beforeAll(() => loadMessages("explore"));

const ready = { dataset: { goal_activity: null }, full: journeys, isStale: false } as unknown as Ready;
const show = () => {
  const state = readMapState({});
  return renderHook(() => useJourneyMap(ready, state, () => undefined, "down", false), { wrapper: Messages });
};

it("gives no number of paths before they are known", () => {
  layout.laid = null;
  const { current } = show().result;
  expect([current.isWaiting, current.movesShare, current.sliders[1]?.text]).toEqual([true, null, null]);
});

it("gives no number of a picture that failed, nor the one of the picture before", () => {
  Object.assign(layout, { laid, error: new Error() });
  const { current } = show().result;
  layout.error = null;
  expect([current.failure?.from, current.isWaiting, current.movesShare]).toEqual(["layout", false, null]);
});

it("announces the paths of the value that was released, by keyboard too", () => {
  layout.laid = laid;
  const { result } = show();
  const all = choice.order.length;
  const before = result.current.sliders[1]?.text;
  act(() => {
    // What the slider does with a key: both at once.
    result.current.sliders[1]?.onDrag(100);
    result.current.sliders[1]?.onRelease(100);
  });
  expect(before).not.toContain(`${all} of ${all}`);
  expect(pathCount(choice, 1)).toBe(all);
  expect(result.current.announced).toBe(`${all} of ${all} paths, 100% of moves`);
});
