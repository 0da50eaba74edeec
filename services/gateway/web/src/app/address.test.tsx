import { notifications } from "@mantine/notifications";
import { act, screen, waitFor } from "@testing-library/react";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { datasetsQuery } from "@/api/hooks";
import type { Dataset } from "@/api/types";
import { useScope } from "@/shared/scope";
import { quietClient, showAt } from "@/test-page";
import { useAddress } from "./address";

vi.stubGlobal("matchMedia", () => ({ matches: false, addEventListener: vi.fn(), removeEventListener: vi.fn() }));
beforeEach(() => {
  localStorage.clear();
  asked = [];
});
afterEach(() => act(() => notifications.clean()));

const datasets = [
  { id: "shop", name: "Web shop", case: "session", session_gap_minutes: 30, fields: ["device_category", "session_id"] },
  { id: "loans", name: "Loans", case: "customer", session_gap_minutes: null, fields: [] as string[] },
] as Dataset[];

/** Every question that was asked, also those before the address was put right. */
let asked: string[] = [];

function Page() {
  useAddress();
  const question = JSON.stringify(useScope().question);
  asked.push(question);
  return <output>{question}</output>;
}

const answer = (status: number, body: object) => () => Promise.resolve(new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json" } }));

function show(address: string) {
  const client = quietClient();
  client.setQueryData(datasetsQuery.queryKey, datasets);
  return showAt(address, <Page />, client);
}

it.each([
  ["from=abc", "", /“abc” in the address is not a day/],
  ["from=2024-02-01&to=2024-02-31", "&from=2024-02-01", /“2024-02-31” in the address is not a day/],
  ["from=2024-06-01&to=2024-05-01", "", /ends before it starts \(2024-06-01 – 2024-05-01\)/],
  ["case=foo", "", /“foo” in the address does not say what makes one journey/],
  ["f=step:cart&f=nonsense", "&f=step:cart", /“nonsense” in the address is not a filter/],
  ["pause=soon", "", /“soon” in the address is not a pause/],
  ["compare=previous", "", /comparison in the address was left out/],
])("takes %s out of the address and says so, and keeps the rest", async (broken, kept, said) => {
  const { where } = show(`/explore/map?dataset=shop&${broken}&sel=cart`);
  await screen.findByText(said);
  await waitFor(() => expect(where()).toBe(`/explore/map?dataset=shop${kept}&sel=cart`));
});

it("never asks with what cannot be used", async () => {
  const { where } = show("/explore/map?dataset=shop&from=abc&to=2024-05-07&f=nonsense&case=foo&pause=99999");
  await waitFor(() => expect(where()).toBe("/explore/map?dataset=shop&to=2024-05-07"));
  // The notices come late, and must not come into the next test.
  expect(await screen.findAllByText(/in the address/)).not.toEqual([]);
  expect(new Set(asked)).toEqual(new Set(['{"from":null,"to":"2024-05-07","f":[]}']));
});

it("says nothing about an address that is good", async () => {
  const good = "/?dataset=loans&from=2024-05-01&to=2024-05-07&compare=previous&f=length:1..2,5..9&case=session&pause=0";
  const { where } = show(good);
  await waitFor(() => expect(asked).not.toEqual([]));
  expect(where()).toBe(good);
  expect(screen.queryByText(/in the address/)).toBeNull();
});

it("goes on with the usual dataset where that of the address is not there", async () => {
  vi.spyOn(globalThis, "fetch").mockImplementation(answer(404, { status: 404, reason: "dataset_not_found" }));
  const { where } = show("/explore/map?dataset=nope&from=2024-05-01&f=device_category:mobile&f=step:cart&case=customer&sel=cart");
  await screen.findByText("The dataset in the address does not exist, or you may not see it. This is Web shop.");
  await waitFor(() => expect(where()).toBe("/explore/map?dataset=shop&from=2024-05-01&f=device_category:mobile&f=step:cart"));
});

it("leaves the way from a dataset that is not there to the page of an analysis", async () => {
  const fetched = vi.spyOn(globalThis, "fetch").mockImplementation(answer(404, { status: 404, reason: "dataset_not_found" }));
  const { where } = show("/explore/models?dataset=nope&analysis=a1");
  await screen.findByRole("status", { name: "" });
  expect(fetched).not.toHaveBeenCalled();
  expect(where()).toBe("/explore/models?dataset=nope&analysis=a1");
});

it("reads the list again for a dataset that is newer than it", async () => {
  const fresh = { ...datasets[0], id: "new" };
  vi.spyOn(globalThis, "fetch").mockImplementation((input) => ((input as string).includes("/datasets/new") ? answer(200, fresh)() : answer(200, { items: [...datasets, fresh], next_cursor: null })()));
  const { where } = show("/explore/map?dataset=new&case=customer");
  await waitFor(() => expect(screen.getByRole("status", { name: "" }).textContent).toContain("customer"));
  expect(where()).toBe("/explore/map?dataset=new&case=customer");
  expect(screen.queryByText(/in the address/)).toBeNull();
});

it.each([
  ["case=session", {}],
  ["pause=30", {}],
  ["pause=45", { session_gap_minutes: 45 }],
  ["pause=0", { session_gap_minutes: 0 }],
  ["case=customer", { case: "customer" }],
])("asks for the journeys of ?%s as far as they are not the dataset's own", async (part, own) => {
  show(`/explore/map?dataset=shop&${part}`);
  await waitFor(() => expect(asked.at(-1)).toBe(JSON.stringify({ from: null, to: null, f: [], ...own })));
});
