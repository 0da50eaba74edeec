import { fireEvent, screen, waitFor } from "@testing-library/react";
import { expect, it, vi } from "vitest";
import type { Analysis } from "@/api/types";
import { loadMessages } from "@/messages";
import { quietClient, showAt } from "@/test-page";
import ModelsPage from "./ModelsPage";
import { graphOf } from "./test/samples";

vi.mock("./draw/layoutClient", () => ({ warmUpLayout: vi.fn() }));

const shop = { id: "d1", name: "Shop", owner: "Linh", case: "session", session_gap_minutes: 30, fields: [], events: 3, access: { can_analyse: true } };

const analysis = (id: string, kind: string): Partial<Analysis> => ({
  ...{ id, kind: kind as Analysis["kind"], dataset_id: "d1", case: "customer", cases: 600, finished_at: "2026-01-01T10:00:00Z" },
  ...{ from: "2024-01-06", to: null, filter: ["step:cart"], parameters: { noise_threshold: Number(id.slice(1)) / 10 } },
});

interface Shown {
  items?: Partial<Analysis>[];
  dataset?: object | null;
  graph?: object | "on its way";
  search?: string;
  opened?: object;
  hasFailed?: boolean;
}

/** Shows the page on what the API answers; returns what was asked and sent. */
async function show({ items = [], dataset = shop, graph = graphOf([["a", "b"]]), search = "", opened, hasFailed = false }: Shown): Promise<{ asked: string[]; sent: unknown[]; where: () => string }> {
  const [asked, sent]: [string[], unknown[]] = [[], []];
  Element.prototype.scrollIntoView = vi.fn();
  vi.stubGlobal("matchMedia", () => ({ matches: false, addEventListener: vi.fn(), removeEventListener: vi.fn() }));
  vi.stubGlobal("ResizeObserver", class { observe = vi.fn(); unobserve = vi.fn(); disconnect = vi.fn(); });
  vi.spyOn(globalThis, "fetch").mockImplementation((input, init) => {
    const url = String(input instanceof Request ? input.url : input);
    asked.push(url);
    if (init?.method === "POST") sent.push(JSON.parse(init.body as string));
    if (hasFailed) return Promise.resolve(new Response(JSON.stringify({ reason: "full", detail: "The store is full." }), { status: 409, headers: { "content-type": "application/problem+json" } }));
    if (graph === "on its way" && url.includes("directly-follows")) return new Promise(() => undefined);
    const answer = url.includes("directly-follows") ? graph : init?.method === "POST" || /analyses\/m\d/.test(url) ? { ...opened, id: "m9" } : { items, next_cursor: null };
    return Promise.resolve(new Response(JSON.stringify(answer), { headers: { "content-type": "application/json" } }));
  });
  await loadMessages("explore", "filters");
  const client = quietClient();
  if (!hasFailed) client.setQueryData(["datasets"], dataset ? [dataset] : []);
  if (opened) ["m0", "m9"].forEach((id) => client.setQueryData(["analyses", id], { ...opened, id }));
  const { where } = showAt(`/explore/models${search}`, <ModelsPage />, client);
  return { asked, sent, where };
}

it("offers the models of the dataset that were built before, each with the scope it was built in", async () => {
  const graphs = ["dfg_petri", "alpha", "dfg_petri", "directly_follows", ...Array.from({ length: 7 }, () => "inductive_tree")];
  const { asked } = await show({ items: graphs.map((kind, index) => analysis(`m${index}`, kind)) });
  await screen.findByText("Open a model or build a new one");
  const links = screen.getAllByRole("link").filter((link) => link.getAttribute("href")?.includes("analysis="));
  expect(links.map((link) => link.getAttribute("href")?.split("analysis=")[1])).toEqual(["m1", "m3", "m4", "m5", "m6"]);
  expect(links[0]?.getAttribute("href")).toContain("from=2024-01-06");
  expect(links[0]?.textContent).toContain("600 customers");
  expect(links[1]?.textContent).toContain("From Jan 6, 2024 · journeys by customer · Goes through cart · rare behaviour left out 30%");
  expect(links[2]?.textContent).toContain("rare behaviour left out 40%");
  expect(asked.filter((url) => url.includes("/analyses?"))).toEqual([expect.stringContaining("status=succeeded&status=partial")]);
});

const stored = { ...analysis("m0", "alpha"), status: "failed", dataset_name: "Shop", case: "session", session_gap_minutes: 45, filter: ["step:cart", "way:a>b"] };

it.each([
  ["from=2024-01-06&f=way:a>b&f=step:cart&pause=45", true],
  ["from=2024-01-06&f=way:a>b&f=step:cart", false],
  ["from=2024-01-06&f=step:cart&pause=45", false],
  ["from=2024-01-06&f=way:a>b&f=step:cart&case=customer", false],
  ["f=way:a>b&f=step:cart&pause=45", false],
])("says of a model opened at %s whether that is what it was built from: %s", async (scope, isSame) => {
  await show({ search: `?dataset=d1&${scope}&analysis=m0`, opened: stored });
  await screen.findByText("Alpha model", { selector: "h2" });
  const way = screen.queryByRole("link", { name: "Show what it was built from" });
  expect(way === null).toBe(isSame);
  if (way) expect(way.getAttribute("href")).toBe("/explore/models?dataset=d1&from=2024-01-06&f=step:cart&f=way:a>b&case=session&pause=45&analysis=m0");
});

it("says in the head of a model what it was built from, and builds it anew for the chosen scope", async () => {
  const opened = { ...stored, status: "cancelled", kind: "heuristics_net", parameters: { and_threshold: 0.65, dependency_threshold: 0.8 } };
  const { sent } = await show({ search: "?dataset=d1&f=step:b&analysis=m0", opened });
  await screen.findByText("From Jan 6, 2024 · journeys by session, new after 45 min · Goes through cart · Way is a → b · least dependency 80% · side by side from 65%");
  fireEvent.click(screen.getByRole("button", { name: "Build it for the chosen scope" }));
  await waitFor(() => expect(sent).toEqual([{ dataset_id: "d1", kind: "heuristics_net", parameters: opened.parameters, filter: ["step:b"] }]));
});

it("keeps the map of the scope as it is", async () => {
  const { sent } = await show({ search: "?dataset=d1&f=step:b" });
  fireEvent.click(await screen.findByRole("radio", { name: /^Journey map/ }));
  fireEvent.click(screen.getByRole("button", { name: "Build model" }));
  await waitFor(() => expect(sent).toEqual([{ dataset_id: "d1", kind: "directly_follows", parameters: {}, filter: ["step:b"] }]));
});

it("says what to do when there is none", async () => {
  await show({ items: [analysis("m0", "dfg_petri")] });
  expect(await screen.findByText("No model yet")).toBeTruthy();
});

it.each<[string, Shown, RegExp]>([
  ["there is no dataset", { dataset: null }, /^No dataset yet$/],
  ["it may not be analysed", { dataset: { ...shop, access: { can_analyse: false } } }, /^You can see Shop but not analyse it$/],
  ["it has no events", { dataset: { ...shop, events: 0 }, graph: graphOf([]) }, /^No events yet$/],
  ["nothing is in the scope", { graph: graphOf([]) }, /^No journeys match$/],
])("says once that %s", async (_, shown, said) => {
  await show(shown);
  await screen.findAllByText(said);
  expect(screen.getAllByText(said)).toHaveLength(1);
  expect(screen.queryByText("No model yet")).toBeNull();
});

it("says that the list of datasets failed, and asks for it once", async () => {
  const { asked } = await show({ hasFailed: true });
  await screen.findByText(/^The store is full\./);
  expect(asked.filter((url) => url.includes("/datasets"))).toHaveLength(1);
});

it("shows form and models in grey while the data is on its way", async () => {
  await show({ graph: "on its way" });
  expect(await screen.findAllByRole("status", { name: "Loading" })).toHaveLength(2);
});

it("tells the journal of a saved picture with the address of the model in its own scope", async () => {
  const { asked, sent } = await show({ search: "?dataset=d1&from=2025-01-01&analysis=m0", opened: { ...stored, status: "succeeded" } });
  fireEvent.click(await screen.findByRole("link", { name: "SVG" }));
  const address = "/explore/models?dataset=d1&from=2024-01-06&f=step:cart&f=way:a>b&case=session&pause=45&analysis=m0";
  expect(sent).toEqual([{ object: "model", format: "svg", object_id: "m0", name: "Alpha model", address }]);
  expect(asked.at(-1)).toBe("/api/v1/datasets/d1/exports");
});

it.each([
  ["is not there any more", "?dataset=d1&analysis=m0", { ...stored, dataset_id: "d9", status: "succeeded" }, "?dataset=d1"],
  ["of the address is not there any more", "?dataset=d9&analysis=m0", { ...stored, dataset_id: "d9", status: "succeeded" }, ""],
])("leads to the stored result alone where the dataset %s", async (_, search, opened, kept) => {
  const { where } = await show({ search, opened });
  await waitFor(() => expect(where()).toBe(`/history/analyses/m0${kept}`));
});

it("says why a model in the making could not be stopped", async () => {
  await show({ search: "?dataset=d1&analysis=m0", opened: { ...stored, status: "running", progress_ratio: 0.2 } });
  const stop = await screen.findByRole("button", { name: "Cancel" });
  const refused = (): Response => new Response(JSON.stringify({ reason: "not_yours", detail: "Somebody else started it." }), { status: 403, headers: { "content-type": "application/problem+json" } });
  vi.spyOn(globalThis, "fetch").mockImplementation((_, init) => (init?.method === "POST" ? Promise.resolve(refused()) : new Promise(() => undefined)));
  fireEvent.click(stop);
  await screen.findByText(/Somebody else started it\./);
});
