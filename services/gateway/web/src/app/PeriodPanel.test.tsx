import { fireEvent, screen, waitFor } from "@testing-library/react";
import { afterEach, beforeAll, expect, it, vi } from "vitest";
import { api } from "@/api/client";
import { datasetsQuery } from "@/api/hooks";
import type { Dataset } from "@/api/types";
import { quietClient, showAt } from "@/test-page";
import PeriodPanel from "./PeriodPanel";
import { PeriodPicker } from "./PeriodPicker";

beforeAll(() => {
  vi.stubGlobal("matchMedia", () => ({ matches: false, addEventListener: vi.fn(), removeEventListener: vi.fn() }));
});
afterEach(() => vi.restoreAllMocks());

const dataset = { id: "d1", name: "Shop", time_zone: "UTC", first_event_at: "2024-01-01T00:00:00Z", last_event_at: "2024-06-29T00:00:00Z", fields: [] } as unknown as Dataset;

function show(address: string, known = dataset) {
  vi.spyOn(api, "get").mockResolvedValue({ days: [] });
  const client = quietClient();
  client.setQueryData(datasetsQuery.queryKey, [known]);
  const both = (
    <>
      <PeriodPicker />
      <PeriodPanel dataset={known} onDone={vi.fn()} />
    </>
  );
  return showAt(address, both, client);
}

const compare = () => screen.findByRole<HTMLInputElement>("switch", { name: /^Compare with previous period/ });
const isChecked = async () => (await compare()).checked;

it("compares with the days just before, says so at the top, and stops again", async () => {
  const { where } = show("/?dataset=d1&from=2024-03-01&to=2024-03-31");
  await screen.findByText(/^Jan 30\s–\sFeb 29, 2024, the 31 days just before$/);
  fireEvent.click(await compare());
  await waitFor(() => expect(where()).toBe("/?dataset=d1&from=2024-03-01&to=2024-03-31&compare=previous"));
  expect(await isChecked()).toBe(true);
  await screen.findByRole("button", { name: /^Period: Mar 1\s–\s31, 2024, last day included, compared with Jan 30\s–\sFeb 29, 2024$/ });
  fireEvent.click(await compare());
  await waitFor(() => expect(where()).toBe("/?dataset=d1&from=2024-03-01&to=2024-03-31"));
});

it("keeps comparing with another period, and stops with all data, which has none before it", async () => {
  const { where } = show("/?dataset=d1&from=2024-06-01&to=2024-06-01&compare=previous");
  await screen.findByText("May 31, 2024, the day just before");
  fireEvent.click(screen.getByRole("button", { name: "Last 7 days" }));
  await waitFor(() => expect(where()).toBe("/?dataset=d1&from=2024-06-23&to=2024-06-29&compare=previous"));
  fireEvent.click(screen.getByRole("button", { name: "All data" }));
  await waitFor(() => expect(where()).toBe("/?dataset=d1"));
  expect(screen.getByRole("button", { name: /^Period: all data, .*, last day included$/ }).textContent).toMatch(/^All dataJan 1\s–\sJun 29, 2024 · last day included$/);
  expect((await compare()).disabled).toBe(true);
  await screen.findByText("All data has no period before it. Choose a period with a first and a last day.");
});

it.each(["/?dataset=d1&compare=previous", "/?dataset=d1&from=2024-06-01&compare=previous", "/?dataset=d1&from=2024-06-02&to=2024-06-01&compare=previous"])(
  "does not compare at %s",
  async (address) => {
    show(address);
    expect(await isChecked()).toBe(false);
    expect((await compare()).disabled).toBe(true);
  },
);

it("is off, and says where it works, on a page without changes", async () => {
  show("/history?dataset=d1&from=2024-06-01&to=2024-06-02&compare=previous");
  expect(await isChecked()).toBe(false);
  expect((await compare()).disabled).toBe(true);
  await screen.findByText("This page shows no changes. Home, the map and Reports do.");
  expect(screen.queryByRole("button", { name: /compared with/ })).toBeNull();
});

it.each([
  ["/?dataset=d1", "All datano events yet", "Period: all data, no events yet"],
  ["/?dataset=d1&from=2024-06-01&to=2024-06-01", "Jun 1, 2024last day included", "Period: Jun 1, 2024, last day included"],
])("says of a dataset without events only what is true at %s", async (address, text, label) => {
  show(address, { ...dataset, first_event_at: null, last_event_at: null });
  const button = await screen.findByRole("button", { name: /^Period/ });
  const words = [...button.querySelectorAll("[class*=pickText], [class*=pickNote]")].map((part) => part.textContent);
  expect([words.join(""), button.getAttribute("aria-label")]).toEqual([text, label]);
});
