import { MantineProvider } from "@mantine/core";
import { fireEvent, render, screen } from "@testing-library/react";
import type { ComponentProps } from "react";
import { beforeAll, expect, it, vi } from "vitest";
import { loadMessages, Messages } from "@/messages";
import { PhoneSheet } from "./PhoneSheet";
import type { Selection } from "./state";

beforeAll(async () => {
  vi.stubGlobal("matchMedia", () => ({ matches: false, addEventListener: vi.fn(), removeEventListener: vi.fn() }));
  await loadMessages("explore");
});

const fit = vi.fn();
const sheet = (selection: Selection | null, known: Partial<ComponentProps<typeof PhoneSheet>> = {}) => (
  <Messages>
    <MantineProvider>
      <PhoneSheet
        {...{ selection, summary: { steps: 9, share: "80%" }, isWaiting: false, controls: "sliders", legend: "colours", onZoom: vi.fn(), onFit: fit }}
        {...known}
      >
        details
      </PhoneSheet>
    </MantineProvider>
  </Messages>
);
const height = () => screen.getByRole("region", { name: "Details" }).dataset["height"];
const adjust = () => fireEvent.click(screen.getByRole("button", { name: "Adjust" }));

it("shows sliders, legend and Fit by Adjust, whatever is selected", () => {
  const { rerender } = render(sheet({ kind: "step", step: "Cart" }));
  expect([height(), screen.queryByText(/sliders/)]).toEqual(["half", null]);
  adjust();
  expect(height()).toBe("half");
  expect(screen.getByText(/sliders/).textContent).toContain("colours");
  expect(screen.queryByText(/details/)).toBeNull();
  fireEvent.click(screen.getByRole("button", { name: "Fit" }));
  expect(fit).toHaveBeenCalledOnce();
  // The address has changed elsewhere: the same selection as a new object.
  rerender(sheet({ kind: "step", step: "Cart" }));
  expect(screen.getByText(/sliders/)).toBeTruthy();
  rerender(sheet({ kind: "step", step: "Home" }));
  expect(screen.queryByText(/sliders/)).toBeNull();
  expect(screen.getByText(/details/)).toBeTruthy();
});

it("closes by a second Adjust, and opens on the details again", () => {
  render(sheet({ kind: "step", step: "Cart" }));
  adjust();
  adjust();
  expect(height()).toBe("peek");
  fireEvent.click(screen.getByRole("button", { name: "Open the details" }));
  expect([height(), screen.queryByText(/sliders/)]).toEqual(["half", null]);
  fireEvent.click(screen.getByRole("button", { name: "Show the details in full height" }));
  expect(height()).toBe("full");
  fireEvent.click(screen.getByRole("button", { name: "Close the details" }));
  expect(height()).toBe("peek");
});

it("keeps room for the numbers of the map as long as they are on their way only", () => {
  const { container, rerender } = render(sheet(null, { summary: null, isWaiting: true }));
  const isGrey = () => container.querySelector(".mantine-Skeleton-root") !== null;
  expect(isGrey()).toBe(true);
  rerender(sheet(null, { summary: null }));
  expect(isGrey()).toBe(false);
  rerender(sheet(null));
  expect(screen.getByText("9 steps").parentElement?.textContent).toBe("9 steps · 80% of moves");
});
