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
vi.mock("./useLaidMap", () => ({ useLaidMap: () => ({ laid, isLaying: false, error: null }) }));
vi.mock("./draw/scene", () => ({ sceneOf: () => ({}) }));
vi.mock("./map/text", () => ({ useLabelWidth: () => () => 0 }));

beforeAll(() => loadMessages("explore"));

it("announces the paths of the value that was released, by keyboard too", () => {
  const ready = { dataset: { goal_activity: null }, full: journeys, isStale: false } as unknown as Ready;
  const state = readMapState({});
  const { result } = renderHook(() => useJourneyMap(ready, state, () => undefined, "down", false), { wrapper: Messages });
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
