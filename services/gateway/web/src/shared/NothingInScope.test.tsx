import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeAll, expect, it, vi } from "vitest";
import { api } from "@/api/client";
import { datasetsQuery } from "@/api/hooks";
import { loadMessages } from "@/messages";
import { quietClient, showAt } from "@/test-page";
import { NothingInScope } from "./NothingInScope";

beforeAll(async () => {
  vi.stubGlobal("matchMedia", () => ({ matches: false, addEventListener: vi.fn(), removeEventListener: vi.fn() }));
  await loadMessages("filters");
});
afterEach(() => vi.restoreAllMocks());

const PERIOD = "from=2024-03-01&to=2024-03-31";

it.each([
  ["the period", PERIOD, [], /^There is no data on Mar 1\s–\s31, 2024\.$/, "Show all days", ""],
  ["the period behind a filter", `${PERIOD}&f=step:cart`, [], /^There is no data on/, "Show all days", "&f=step:cart"],
  ["a period without an end", "from=2024-03-01", [], /^There is no data in this period\.$/, "Show all days", ""],
  ["the only filter", `${PERIOD}&f=step:cart`, [""], /^“Goes through cart” leaves none\.$/, "Remove it", `&${PERIOD}`],
  ["one of two filters", "f=step:home&f=step:cart", ["", "step:cart"], /^With the other filters, “Goes through home” leaves none\.$/, "Remove it", "&f=step:cart"],
  ["the newest of two that leave none together", "f=step:home&f=step:cart", ["", "step:home", "step:cart"], /^With the other filters, “Goes through cart” leaves none\.$/, "Remove it", "&f=step:home"],
  ["both filters", "f=step:home&f=step:cart", [""], /^These filters leave none, and removing one of them is not enough\.$/, "Remove all filters", ""],
])("names %s as what leaves nothing, and takes it back", async (_, scope, full, sentence, action, left) => {
  // `full` lists the filters with which something is there.
  vi.spyOn(api, "get").mockImplementation((__, query) => Promise.resolve({ touchpoints: full.includes([query?.["f"] ?? []].flat().join()) ? 5 : 0 }));
  const client = quietClient();
  client.setQueryData(datasetsQuery.queryKey, [{ id: "d1", name: "Web shop", case: "customer", fields: [] as string[], access: { can_analyse: true } }] as never);
  const { where } = showAt(`/?dataset=d1&${scope}`, <NothingInScope title="No touchpoints match" />, client);
  await screen.findByText(sentence);
  await userEvent.click(screen.getByRole("button", { name: action }));
  await waitFor(() => expect(where()).toBe(`/?dataset=d1${left}`));
});
