import { screen, waitFor } from "@testing-library/react";
import { afterEach, beforeAll, expect, it, vi } from "vitest";
import { api, type Query } from "@/api/client";
import { datasetsQuery } from "@/api/hooks";
import { loadMessages } from "@/messages";
import { addDays, dayCount } from "@/shared/period";
import { quietClient, showAt } from "@/test-page";
import HomePage from "./HomePage";

beforeAll(async () => {
  vi.stubGlobal("matchMedia", () => ({ matches: false, addEventListener: vi.fn(), removeEventListener: vi.fn() }));
  await Promise.all([loadMessages("home"), loadMessages("filters")]);
});
afterEach(() => vi.restoreAllMocks());

const dataset = { id: "d1", name: "Web shop", case: "session", events: 10, later_events: 0, customers: 4, activities: 2, goal_activity: "purchase", first_event_at: "2023-12-31T12:00:00Z", last_event_at: "2024-03-05T12:00:00Z", time_zone: "UTC", fields: [], access: { can_analyse: true } };
const shares = { newest: [], actions: [], channels: [], device_categories: [] };
const home = { from: null, to: null, customers: 4, touchpoints: 10, ...shares, days: [{ date: "2024-01-01", customers: 4, touchpoints: 10 }, { date: "2024-01-02", customers: 1, touchpoints: 2 }] };
const journeysOf = (journeys: number, reached: number) => ({ goal: "purchase", journeys, reached, days: [{ date: "2024-01-01", journeys, reached }] });
const daily = (from: string, customers: number, touchpoints: number) => ({ from, to: from, time_zone: "UTC", customers, touchpoints, days: [{ date: from, customers, touchpoints, by: {}, not_set: 0 }] });
const homeOf = (day: string, customers: number, touchpoints: number) => ({ ...shares, ...daily(day, customers, touchpoints) });

type Answers = Record<"journeys" | "home" | "report" | "news", (query: Query) => Promise<unknown>>;

function show(search: string, { journeys, home: numbers = () => Promise.resolve(home), report, news = () => Promise.resolve({ days: [] }) }: Partial<Answers>, part = {}) {
  const get = vi.spyOn(api, "get").mockImplementation((path, query = {}) => {
    if (path === "/home") return numbers(query);
    if (path.endsWith("/journeys-by-day") && journeys) return journeys(query);
    // The news look back eight weeks from the last day of the scope.
    if (path.endsWith("/reports/daily") && dayCount({ from: String(query["from"]), to: String(query["to"]) }) === 57) return news(query);
    if (path.endsWith("/reports/daily") && report) return report(query);
    return Promise.resolve({ items: [], next_cursor: null });
  });
  const client = quietClient();
  client.setQueryData(datasetsQuery.queryKey, [{ ...dataset, ...part }] as never);
  showAt(`/?dataset=d1${search}`, <HomePage />, client);
  return get;
}

const tile = async (name: string) => (await screen.findByRole("heading", { name })).closest("section")?.textContent;
const COMPARED = "&from=2024-01-02&to=2024-01-02&compare=previous";

it("asks for the scope, and tells how many of its journeys reach the goal", async () => {
  const get = show("&f=step:cart", { journeys: () => Promise.resolve(journeysOf(1295, 126)) });
  await screen.findByText("9.7%");
  await screen.findByText(/^126 of 1,295 sessions/);
  expect(await tile("Sessions, all time")).toMatch(/^Sessions, all time1,295/);
  await screen.findByText(/Per day over the last 2 days\. 1 customer on/);
  const scope = { from: null, to: null, f: ["step:cart"] };
  expect(get).toHaveBeenCalledWith("/datasets/d1/journeys-by-day", scope, expect.anything());
  expect(get).toHaveBeenCalledWith("/home", { dataset_id: "d1", ...scope }, expect.anything());
});

it.each([
  ["from Dec 31, 2023 to Mar 5, 2024", {}],
  ["on Mar 5, 2024", { first_event_at: "2024-03-05T01:00:00Z" }],
])("says that the touchpoints are %s", async (when, part) => {
  show("", { journeys: () => Promise.resolve(journeysOf(1, 1)) }, part);
  expect((await screen.findByText(/touchpoints in 2 kinds of steps/)).textContent).toContain(`, ${when}.`);
});

it("shows the other tiles when the goal's fails", async () => {
  show("", { journeys: () => Promise.reject(new Error("too large")) });
  await screen.findByText("This part could not be loaded");
  await screen.findByText("Touchpoints, all time");
});

it("gives a share only to values that are set, for the shares are of these", async () => {
  const devices = [
    { value: "mobile", count: 3, share_ratio: 1 },
    { value: null, count: 9, share_ratio: 0 },
  ];
  show("", { home: () => Promise.resolve({ ...home, device_categories: devices }), journeys: () => Promise.resolve(journeysOf(1, 1)) });
  const unset = await screen.findByText("(not set), left out of the shares");
  expect(unset.closest("li")?.textContent).toBe("(not set), left out of the shares9 ");
  expect(screen.getByText("mobile").closest("li")?.textContent).toContain("100%");
});

it("says so where nothing lies in the scope, instead of showing zeros", async () => {
  show("&f=step:cart", { journeys: () => Promise.resolve(journeysOf(0, 0)), home: () => Promise.resolve({ ...home, customers: 0, touchpoints: 0 }) });
  await screen.findByText("No touchpoints match");
  expect(screen.queryByRole("heading", { name: "Touchpoints, all time" })).toBeNull();
});

it("shows the period, without changes as long as nobody compares", async () => {
  const get = show("&from=2024-01-02&to=2024-01-02", { journeys: () => Promise.resolve(journeysOf(40, 5)), home: () => Promise.resolve(homeOf("2024-01-02", 3, 90)) });
  expect(await tile("Touchpoints, Jan 2, 2024")).toBe("Touchpoints, Jan 2, 202490");
  expect(get.mock.calls.filter(([path, query]) => path.endsWith("/reports/daily") && query?.["to"] !== "2024-01-02")).toHaveLength(0);
});

it("shows what changed against the day before", async () => {
  const before = (query: Query) => query["from"] === "2024-01-01" && query["to"] === "2024-01-01";
  show(`${COMPARED}&f=step:cart`, {
    journeys: (query) => Promise.resolve(before(query) ? journeysOf(50, 5) : journeysOf(40, 5)),
    home: () => Promise.resolve(homeOf("2024-01-02", 4, 90)),
    report: (query) => Promise.resolve(before(query) && String(query["f"]) === "step:cart" ? daily("2024-01-01", 4, 100) : daily("2024-01-02", 0, 0)),
  });
  await screen.findByText("−10 (−10%)");
  expect(await tile("Customers, Jan 2, 2024")).toBe("Customers, Jan 2, 20244no change");
  expect(await tile("Journeys that reach “purchase”, Jan 2, 2024")).toBe("Journeys that reach “purchase”, Jan 2, 202413%+2.5 points5 of 40 sessions");
  await screen.findByText("Changes are against Jan 1, 2024, the day before.");
});

it.each([
  ["lies before the first event", "&from=2023-12-31&to=2023-12-31&compare=previous", /^There is no data on Dec 30, 2023 to compare with\. Data begins on Dec 31, 2023 and ends on Mar 5, 2024: that is 1 of 1 day of this period and 0 of 1 before it\.$/],
  ["holds nothing between events", "&from=2024-01-03&to=2024-01-03&compare=previous", /^There is no data on Jan 2, 2024 to compare with\.$/],
  ["holds nothing of these filters", "&from=2024-01-03&to=2024-01-03&compare=previous&f=device_os:iOS", /^These filters leave nothing on Jan 2, 2024 to compare with\.$/],
])("says that there is nothing before where that period %s", async (_, search, sentence) => {
  const get = show(search, {
    journeys: (query) => Promise.resolve(query["from"] === "2024-01-02" ? journeysOf(0, 0) : journeysOf(40, 5)),
    home: () => Promise.resolve(homeOf("2024-01-03", 4, 90)),
    report: () => Promise.resolve(daily("2024-01-02", 0, 0)),
  });
  await screen.findByText(sentence);
  await waitFor(() => expect(screen.getAllByText("nothing before")).toHaveLength(4));
  expect(get.mock.calls.some(([, query]) => query?.["from"] === "2023-12-30")).toBe(false);
});

it("keeps the numbers where the period before cannot be loaded, and says so", async () => {
  show(COMPARED, {
    journeys: () => Promise.resolve(journeysOf(40, 5)),
    home: () => Promise.resolve(homeOf("2024-01-02", 4, 90)),
    report: () => Promise.reject(new Error("down")),
  });
  await screen.findByText(/Jan 1, 2024 could not be loaded, so no change is shown/);
  expect(await tile("Touchpoints, Jan 2, 2024")).toBe("Touchpoints, Jan 2, 202490");
});

it("shows the goal with its change where the period is too long for a report", async () => {
  show("&from=2010-01-01&to=2024-02-01&compare=previous", { journeys: () => Promise.resolve(journeysOf(40, 5)), home: () => Promise.reject(new Error("too long")) });
  await screen.findByText("This part could not be loaded");
  await screen.findByText("5 of 40 sessions");
  expect(await screen.findAllByText("nothing before")).toHaveLength(2);
});

it("says where only the goal's change is missing", async () => {
  show(COMPARED, {
    journeys: (query) => (query["from"] === "2024-01-01" ? Promise.reject(new Error("down")) : Promise.resolve(journeysOf(40, 5))),
    home: () => Promise.resolve(homeOf("2024-01-02", 4, 90)),
    report: () => Promise.resolve(daily("2024-01-01", 4, 100)),
  });
  await screen.findByText("Jan 1, 2024 could not be loaded, so no change is shown.");
  await screen.findByText("−10 (−10%)");
});

it("tells what stands out of the last day, each with a way to look closer", async () => {
  const weeks = Array.from({ length: 9 }, (_, week) => ({ date: addDays("2024-03-05", -7 * week), customers: 30, touchpoints: 100, by: { cart: 20, home: 80 }, not_set: 0 }));
  const days = weeks.map((day, week) => (week === 0 ? { ...day, touchpoints: 200, by: { cart: 100, home: 80, faq: 20 } } : day));
  show("&f=device_os:iOS", { journeys: () => Promise.resolve(journeysOf(40, 5)), news: ({ by }) => Promise.resolve({ days: by === "action_type" ? days : days.map((day) => ({ ...day, by: {}, not_set: day.touchpoints })) }) });
  const card = (await screen.findByRole("heading", { name: "Worth a look on Mar 5, 2024" })).closest("section");
  expect([...(card?.querySelectorAll("li") ?? [])].map((item) => item.textContent)).toEqual([
    "Step “faq”: 10% of touchpoints (20 of 200), none on a usual Tuesday",
    "Step “home”: 40% of touchpoints (80 of 200), 80% on a usual Tuesday",
    "Step “cart”: 50% of touchpoints (100 of 200), 20% on a usual Tuesday",
    "200 touchpoints, 100% more than on a usual Tuesday (100)",
  ]);
  expect(screen.getByRole("link", { name: /^Step “cart”/ }).getAttribute("href")).toBe("/explore/map?dataset=d1&f=device_os:iOS&f=step:cart&from=2024-03-05&to=2024-03-05");
});

it("tells no news where journeys are filtered, for the last ones are not over", async () => {
  const get = show("&f=device_os:iOS&f=step:cart", { journeys: () => Promise.resolve(journeysOf(40, 5)), news: () => Promise.reject(new Error("asked")) });
  await screen.findByText("Touchpoints, all time");
  expect(screen.queryByRole("heading", { name: /^Worth a look/ })).toBeNull();
  expect(get.mock.calls.some(([path]) => path.endsWith("/reports/daily"))).toBe(false);
});

it("keeps Open the map closed, with the reason, for who may not analyse", async () => {
  vi.spyOn(api, "get").mockResolvedValue({ ...home, items: [], next_cursor: null });
  const client = quietClient();
  client.setQueryData(datasetsQuery.queryKey, [{ ...dataset, owner: "linh", access: { can_analyse: false } }] as never);
  showAt("/?dataset=d1", <HomePage />, client);
  await screen.findByRole("button", { name: "Open the map", description: "Analysing Web shop needs access. Ask linh." });
  expect(screen.queryByRole("link", { name: "Open the map" })).toBeNull();
});
