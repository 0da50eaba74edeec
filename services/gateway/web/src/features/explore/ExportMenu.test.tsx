import { notifications } from "@mantine/notifications";
import { fireEvent, screen } from "@testing-library/react";
import { beforeAll, beforeEach, expect, it, vi } from "vitest";
import { loadMessages } from "@/messages";
import { quietClient, showAt } from "@/test-page";
import { ExportMenu } from "./ExportMenu";
import * as maker from "./exportPicture";

vi.mock("./exportPicture");
const onSaved = vi.fn();

beforeAll(async () => {
  vi.stubGlobal("matchMedia", () => ({ matches: false, addEventListener: vi.fn(), removeEventListener: vi.fn() }));
  vi.stubGlobal("ResizeObserver", class { observe() {} unobserve() {} disconnect() {} });
  await loadMessages("explore");
});
beforeEach(() => {
  notifications.clean();
  vi.mocked(maker.standaloneSvg).mockResolvedValue({ text: "<svg/>", width: 1, height: 1 });
  vi.mocked(maker.pngFile).mockRejectedValue(new Error("too large"));
});

async function choose(item: string) {
  const menu = { picture: () => ({}) as maker.Picture, address: () => "/explore/map", isBusy: false, graph: null, direction: "down", onDirection: vi.fn() } as const;
  showAt("/", <ExportMenu name="Shop" {...menu} onSaved={onSaved} />, quietClient());
  fireEvent.click(await screen.findByRole("button", { name: "Export" }));
  fireEvent.click(await screen.findByText(item));
}

it("offers SVG only where the PNG is too large", async () => {
  await choose("Picture (PNG)");
  await screen.findByText(/Save it as SVG/);
  expect(onSaved).not.toHaveBeenCalled();
});

it.each(["Picture (SVG)", "Picture (PNG)"])("says that %s could not be made", async (item) => {
  vi.mocked(maker.standaloneSvg).mockRejectedValue(new Error("no font"));
  await choose(item);
  await screen.findByText(/The picture could not be made/);
  expect(screen.queryByText(/Save it as SVG/)).toBeNull();
});
