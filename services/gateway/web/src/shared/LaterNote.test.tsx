import { fireEvent, screen, waitFor } from "@testing-library/react";
import { beforeAll, expect, it, vi } from "vitest";
import { ApiError } from "@/api/client";
import { datasetsQuery } from "@/api/hooks";
import type { Dataset } from "@/api/types";
import { quietClient, showAt } from "@/test-page";
import { LaterNote } from "./LaterNote";
import { dayIn } from "./period";
import { useScope } from "./scope";
import { ErrorState } from "./ui";

beforeAll(() => {
  vi.stubGlobal("matchMedia", () => ({ matches: false, addEventListener: vi.fn(), removeEventListener: vi.fn() }));
});

const clean = { id: "d1", name: "Shop", case: "customer", time_zone: "Asia/Tokyo", events: 3, later_events: 0, first_event_at: "1960-01-01T00:00:00Z", last_event_at: "2024-06-29T20:00:00Z", fields: [] } as unknown as Dataset;
const dirty = { ...clean, later_events: 1 };
const ahead = { ...clean, id: "d2", later_events: 3 };

function Asked() {
  const { question } = useScope();
  return <output>{JSON.stringify(question)}</output>;
}

function show(address: string, datasets: Dataset[], content = <LaterNote datasets={datasets} />) {
  const client = quietClient();
  client.setQueryData(datasetsQuery.queryKey, datasets);
  const both = (
    <>
      <Asked />
      {content}
    </>
  );
  return showAt(address, both, client);
}

const asked = async (): Promise<unknown> => JSON.parse((await screen.findByRole("status")).textContent);

it("asks of all data up to today where events lie on later days, and says that these are left out", async () => {
  show("/?dataset=d1", [dirty]);
  expect(await asked()).toMatchObject({ from: null, to: dayIn(new Date(), "Asia/Tokyo") });
  await screen.findByText(/^1 touchpoint has a time later than today and is left out\./);
  expect(screen.getByRole("link", { name: "Look at Quality" }).getAttribute("href")).toBe("/data/datasets/d1?dataset=d1&tab=quality");
});

it("asks as ever where nothing lies later, all does, or the reader chose days", async () => {
  const { unmount } = show("/?dataset=d1", [clean]);
  expect(await asked()).toMatchObject({ from: null, to: null });
  expect(screen.queryByRole("link")).toBeNull();
  unmount();
  const second = show("/?dataset=d1&from=2099-01-01", [dirty]);
  expect(await asked()).toMatchObject({ from: "2099-01-01", to: null });
  expect(screen.queryByRole("link")).toBeNull();
  second.unmount();
  show("/?dataset=d2", [ahead]);
  expect(await asked()).toMatchObject({ from: null, to: null });
  await screen.findByText(/^All 3 touchpoints have a time later than today\./);
});

it("leads to the datasets where several are affected", async () => {
  show("/?dataset=d1", [clean, dirty, ahead]);
  await screen.findByText(/^4 touchpoints have a time later than today and are left out\./);
  expect(screen.getByRole("link", { name: "Look at Datasets" }).getAttribute("href")).toBe("/data/datasets?dataset=d1");
});

it("offers a shorter period instead of asking for the same one again", async () => {
  const tooLong = new ApiError({ type: "about:blank", status: 400, title: "Not valid", reason: "period_too_long", detail: "The period has 50,771 days." });
  const { where } = show("/?dataset=d1&from=1960-01-01&to=2098-12-31", [dirty], <ErrorState error={tooLong} onRetry={vi.fn()} />);
  expect(screen.queryByRole("button", { name: "Try again" })).toBeNull();
  fireEvent.click(await screen.findByRole("button", { name: "Show the last 90 days" }));
  // It is the 30th in Tokyo.
  await waitFor(() => expect(where()).toBe("/?dataset=d1&from=2024-04-02&to=2024-06-30"));
});
