import { MantineProvider } from "@mantine/core";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, expect, it, vi } from "vitest";
import { meQuery } from "@/api/hooks";
import type { Dataset } from "@/api/types";
import { Messages } from "@/messages";
import { DatasetSwitcherPanel } from "./DatasetSwitcherPanel";
import { pinnedFirst } from "./DatasetSwitcherPins";

vi.stubGlobal("matchMedia", () => ({ matches: false, addEventListener: vi.fn(), removeEventListener: vi.fn() }));
const datasets = ["Đơn hàng", "Loans", "Web shop"].map((name) => ({ id: name, name, version: "1", events: 0, last_import_at: null }) as Dataset);

function show(userId = "u1", onChoose = vi.fn()) {
  const client = new QueryClient();
  client.setQueryData(meQuery.queryKey, { user: { id: userId } } as never);
  return render(
    <QueryClientProvider client={client}>
      <Messages>
        <MantineProvider>
          <DatasetSwitcherPanel datasets={datasets} currentId="Loans" onChoose={onChoose} onNew={vi.fn()} />
        </MantineProvider>
      </Messages>
    </QueryClientProvider>,
  );
}

const names = (): (string | undefined)[] => screen.getAllByRole("listitem").map((item) => datasets.find(({ name }) => item.textContent?.startsWith(name))?.name);

beforeEach(() => localStorage.clear());

it("moves a pinned dataset to the top with the next opening, for this person only", async () => {
  const { unmount } = show();
  const pin = screen.getByRole("button", { name: "Pin Web shop to the top" });
  expect(pin.getAttribute("aria-pressed")).toBe("false");
  await userEvent.click(pin);
  expect(pin.getAttribute("aria-pressed")).toBe("true");
  expect(names()).toEqual(["Đơn hàng", "Loans", "Web shop"]);
  unmount();
  const again = show();
  expect(names()).toEqual(["Web shop", "Đơn hàng", "Loans"]);
  again.unmount();
  show("u2");
  expect(names()).toEqual(["Đơn hàng", "Loans", "Web shop"]);
});

it("is walked with the arrow keys and chosen from with Enter", async () => {
  const onChoose = vi.fn();
  show("u1", onChoose);
  await userEvent.type(screen.getByRole("textbox"), "{ArrowDown}{ArrowDown}{ArrowDown}{ArrowUp}{Enter}");
  expect(onChoose).toHaveBeenCalledExactlyOnceWith("Loans");
  await userEvent.tab();
  expect(document.activeElement?.getAttribute("aria-label")).toBe("Pin Loans to the top");
  await userEvent.keyboard("{ArrowDown}{Enter}");
  expect(onChoose).toHaveBeenLastCalledWith("Web shop");
});

it("finds names without their accents and survives what another program stored", async () => {
  localStorage.setItem("cjm-pins-u1", '{"a": 1}');
  show();
  await userEvent.type(screen.getByRole("textbox"), "don hang");
  expect(names()).toEqual(["Đơn hàng"]);
  expect(pinnedFirst(datasets, ["gone", "Loans"]).map(({ name }) => name)).toEqual(["Loans", "Đơn hàng", "Web shop"]);
});
