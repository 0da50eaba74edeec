import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import type { ReactNode } from "react";
import { beforeEach, expect, it, vi } from "vitest";
import { loadMessages, T, type Translate } from "@/messages";
import { formatters } from "@/shared/format";
import { quietClient, showAt } from "@/test-page";
import { toCsv } from "./csv";
import { standaloneSvg, type Picture } from "./exportPicture";
import { MapCanvas } from "./map/MapCanvas";
import { heuristicsModel, placeModel } from "./models/drawing";
import { ModelCanvas } from "./models/ModelCanvas";
import { StepChips } from "./panel/SidePanel";
import VariantsPage from "./VariantsPage";

vi.mock("./ExploreLayout", () => ({
  ExploreTabs: () => null,
  WhenReady: ({ children }: { children: (ready: unknown) => ReactNode }) =>
    children({ dataset: { id: "d1", name: "Shop", goal_activity: null }, full: {}, isStale: false }),
}));

beforeEach(async () => {
  vi.stubGlobal("matchMedia", () => ({ matches: false, addEventListener: vi.fn(), removeEventListener: vi.fn() }));
  vi.stubGlobal("ResizeObserver", class { observe = vi.fn(); unobserve = vi.fn(); disconnect = vi.fn(); });
  // What measures texts, which the test browser lacks.
  Object.defineProperty(document, "fonts", { value: { status: "loaded" }, configurable: true });
  vi.spyOn(HTMLCanvasElement.prototype, "getContext").mockReturnValue(null);
  await loadMessages("explore");
});

const show = (content: ReactNode, address = "/") => showAt(address, content, quietClient());

function tap(target: Element): void {
  const event = new Event("pointerup", { bubbles: true });
  target.dispatchEvent(Object.assign(event, { pointerType: "touch" }));
}

it("moves a model with one finger only after a tap inside it", async () => {
  const drawing = { bounds: { left: 0, right: 9, top: 0, bottom: 9 }, links: [], nodes: [], direction: "right", origin: { x: 0, y: 0 } } as never;
  show(<ModelCanvas drawing={drawing} label="Net" />);
  const svg = await screen.findByRole("img", { name: "Net" });
  expect(svg.dataset["armed"]).toBeUndefined();
  tap(svg);
  expect(svg.dataset["armed"]).toBe("true");
  tap(document.body);
  expect(svg.dataset["armed"]).toBe("false");
});

it("says the number of every link of a model, and shows one that had no room when the keys walk to its link", async () => {
  const model = heuristicsModel({
    ...{ nodes: [{ activity: "a", count: 5 }, { activity: "b", count: 4 }], starts: { a: 1500 }, ends: { b: 4 } },
    edges: [{ source: "a", target: "b", count: 4, dependency_ratio: 0.8 }],
  });
  // The last link lies on the one before, and its number has no room.
  const lines = ["2 0 4 0 9 0 8 0 7 0 6", "0 1 4 0 5 0 4 0 3 0 2", "1 3 4 0 5 0 4 0 3 0 2"].map((line) => `edge ${line} solid black`);
  const boxes = [4, -4, 10, -9].map((y, at) => `node ${at} 9 ${y} 1 1`);
  show(<ModelCanvas drawing={placeModel(model, [...boxes, ...lines].join("\n"))} label="Net" />);
  const net = await screen.findByRole("group", { name: "Net. Arrow keys go from link to link." });
  const links = within(net).getAllByRole("img");
  expect(links.map((link) => link.getAttribute("aria-label"))).toEqual(["Start → a: 1,500 moves", "a → b: 4 moves", "b → End: 4 moves"]);
  const numbers = () => [...net.querySelectorAll("text")].map((text) => text.textContent).filter((text) => /^[\d,]+$/.test(text));
  expect(numbers()).toEqual(["1,500"]);
  expect(links.map((link) => link.tabIndex)).toEqual([0, -1, -1]);
  links[0]?.focus();
  ["ArrowDown", "ArrowRight", "ArrowDown"].forEach((key) => fireEvent.keyDown(document.activeElement as Element, { key }));
  expect(document.activeElement).toBe(links[2]);
  expect(numbers()).toEqual(["4"]);
  fireEvent.pointerMove(links[0] as Element, { pointerType: "mouse" });
  expect(numbers()).toEqual(["1,500"]);
});

it("names only the keys that a map has, and leaves the zoom to the sheet only where there is one", async () => {
  const scene = { cards: [], paths: [], pills: [], labels: [], bounds: { left: 0, right: 9, top: 0, bottom: 9 } } as never;
  const stored = {
    ...{ scene, layoutKey: {}, direction: "down", mode: "frequency", goal: null, selection: null, leaving: new Set<string>() },
    ...{ onSelect: vi.fn(), onView: vi.fn(), cardLabel: () => "", cardLines: () => [], pathLines: () => [] },
    ...{ isBusy: false, isPhone: true, view: null },
  } as const satisfies Partial<Parameters<typeof MapCanvas>[0]>;
  const { unmount } = show(<MapCanvas {...stored} />);
  expect(await screen.findByRole("group", { name: /^Journey map with.*strongest path\.$/ })).toBeTruthy();
  expect(screen.getByRole("button", { name: "Show the whole map" })).toBeTruthy();
  unmount();
  show(<MapCanvas {...stored} hasSheet onTable={vi.fn()} />);
  expect(await screen.findByRole("group", { name: /press P .* T for the table/ })).toBeTruthy();
  expect(screen.queryByRole("button", { name: "Show the whole map" })).toBeNull();
});

it("shows Keep only this way with the reason why it has to wait", async () => {
  const ways = { items: [{ activities: ["a", "b"], count: 2, share_ratio: 1, median_seconds: 1 }], cases: 2, variants_total: 1, next_cursor: null };
  const answer = (value: unknown) => Promise.resolve(new Response(JSON.stringify(value), { headers: { "content-type": "application/json" } }));
  vi.spyOn(globalThis, "fetch").mockImplementation((url) => answer(JSON.stringify(url).includes("variants") ? ways : []));
  show(<VariantsPage />, "/?dataset=d1&repeats=ignored");
  const keep = await screen.findByRole<HTMLButtonElement>("button", { name: "Keep only this way" });
  expect(keep.disabled).toBe(true);
  expect(document.getElementById(keep.getAttribute("aria-describedby") ?? "")?.textContent).toMatch(/^With Ignore repeats on/);
  fireEvent.click(screen.getByRole("switch", { name: "Ignore repeats" }));
  expect((await screen.findByRole<HTMLButtonElement>("button", { name: "Keep only this way", description: "" })).disabled).toBe(false);
});

it.each([
  ["one step only", ""],
  ["one step, once or repeated", "&repeats=ignored"],
])("says that a way is %s", async (words, search) => {
  const ways = { items: [{ activities: ["a"], count: 2, share_ratio: 1, median_seconds: 0 }], cases: 2, variants_total: 1, next_cursor: null };
  vi.spyOn(globalThis, "fetch").mockImplementation((url) =>
    Promise.resolve(new Response(JSON.stringify(JSON.stringify(url).includes("variants") ? ways : []), { headers: { "content-type": "application/json" } })),
  );
  show(<VariantsPage />, `/?dataset=d1${search}`);
  await screen.findByText(words);
});

it.each([
  ["1 customer took 1 way.", 1],
  ["2 customers took 1 way.", 2],
])("says that %s", async (lead, cases) => {
  const ways = { items: [{ activities: ["a"], count: cases, share_ratio: 1, median_seconds: 1 }], cases, variants_total: 1, next_cursor: null };
  vi.spyOn(globalThis, "fetch").mockImplementation((url) =>
    Promise.resolve(new Response(JSON.stringify(JSON.stringify(url).includes("variants") ? ways : []), { headers: { "content-type": "application/json" } })),
  );
  const { container } = show(<VariantsPage />, "/?dataset=d1");
  await waitFor(() => expect(container.textContent).toContain(lead));
});

it("writes numbers whole where they are whole, and groups them", async () => {
  const steps = Array.from({ length: 1300 }, (_, index) => (index < 1200 ? "a" : `b${index}`));
  show(
    <>
      <p data-testid="times">
        <T id="explore.step.times" values={{ times: 2 }} />
        <T id="explore.step.times" values={{ times: 2.04 }} />
        <T id="explore.step.times" values={{ times: 2.55 }} />
        <T id="explore.paths.text" values={{ shown: 1025, all: 1110, share: "9%" }} />
      </p>
      <StepChips steps={[...steps, ...steps.slice(1200), ...steps.slice(1200)].concat(steps.map((step, index) => step + index))} most={1} />
    </>,
  );
  expect((await screen.findByTestId("times")).textContent).toBe("2×2×2.6×1,025 of 1,110 · 9% of moves");
  expect(screen.getByText("×1,200")).toBeTruthy();
  expect(screen.getByText("+1,600 more")).toBeTruthy();
});

it("says in a saved picture what it shows, with the legend, and keeps the ground behind numbers", async () => {
  document.body.innerHTML = '<svg><g><text style="paint-order: stroke; stroke: red">5</text></g></svg>';
  const svg = document.querySelector("svg") as SVGSVGElement;
  const say: Translate = (id, values) => `${id} ${Object.values(values ?? {}).join(" ")}`.trim();
  const picture: Picture = {
    ...{ svg, bounds: { left: 0, right: 300, top: 0, bottom: 200 }, name: "Shop <1>", scope: ["May 1 – 31, 2024", "Device is tablet"] },
    ...{ shown: [{ label: "Steps", text: "9 of 19" }], classes: { bounds: [5, 40], shadeOf: () => 0 }, mode: "frequency", unit: "session", hasGoal: true },
  };
  const { text, width, height } = await standaloneSvg(picture, say, formatters("en", say));
  expect(text).toContain('paint-order="stroke"');
  const texts = [...text.matchAll(/<text[^>]*>([^<]*)</g)].map((match) => match[1]);
  expect(texts).toEqual([
    ...["5", "Shop &lt;1&gt;", "May 1 – 31, 2024 · Device is tablet", "explore.export.shown Steps 9 of 19", "explore.export.numbers_frequency session"],
    ...["explore.legend.frequency_least 5", "explore.legend.frequency_most 40", "explore.legend.main_goal", "explore.legend.bar session"],
    ...["explore.legend.started", "explore.legend.left"],
  ]);
  expect([width, height > 300]).toEqual([608, true]);
  expect(text).toContain('font-family="&quot;Inter Variable&quot;, Inter, system-ui, sans-serif"');
});

it("writes numbers into a table without what only a computer adds", () => {
  expect(toCsv(["seconds"], [[369.79999999999995], [1 / 3], [2], [1e-9]])).toBe("seconds\r\n369.8\r\n0.333333\r\n2\r\n0\r\n");
});
