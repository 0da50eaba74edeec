import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeAll, expect, it, vi } from "vitest";
import { loadMessages } from "@/messages";
import { quietClient, showAt } from "@/test-page";
import HelpDrawer from "./HelpDrawer";
import { HelpSearch } from "./HelpSearch";

beforeAll(async () => {
  vi.stubGlobal("matchMedia", () => ({ matches: false, addEventListener: vi.fn(), removeEventListener: vi.fn() }));
  await loadMessages("help");
});

it("finds passages that hold every word, without marks, and leads to their page", async () => {
  showAt("/help/start?dataset=d1", <HelpSearch>the page</HelpSearch>, quietClient());
  const field = await screen.findByRole("textbox", { name: "Search in Help" });
  await userEvent.type(field, "SLIDERS hidden");
  expect(screen.queryByText("the page")).toBeNull();
  const hits = screen.getAllByRole("link");
  expect(hits.map((hit) => hit.textContent?.replace(/<[^>]*>/g, "*"))).toContainEqual(expect.stringMatching(/^Quick start2\. Open the map\. Explore draws how customers move\./));
  expect(hits[0]?.getAttribute("href")).toMatch(/^\/help\/[a-z]+\?dataset=d1$/);
  await userEvent.clear(field);
  await userEvent.type(field, "qwertz");
  await screen.findByText("Nothing found. Try other words.");
  await userEvent.clear(field);
  await screen.findByText("the page");
});

it("stays in its drawer, over the page in use", async () => {
  const { where } = showAt("/reports?dataset=d1&from=2024-05-01&help=glossary", <HelpDrawer name="glossary" onClose={() => undefined} />, quietClient());
  await screen.findByRole("heading", { name: "Glossary" });
  await userEvent.click(screen.getByRole("link", { name: "Quick start" }));
  expect(where()).toBe("/reports?dataset=d1&from=2024-05-01&help=start");
});
