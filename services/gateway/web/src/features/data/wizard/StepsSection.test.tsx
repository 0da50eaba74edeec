import { MantineProvider } from "@mantine/core";
import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { useState } from "react";
import { beforeAll, expect, it } from "vitest";
import type { StepRule } from "@/api/types";
import { loadMessages, Messages } from "@/messages";
import { StepsSection } from "./StepsSection";

const STEPS = [
  { activity: "/product/1", count: 1500 },
  { activity: "/product/2", count: 30 },
  { activity: "cart_add", count: 20 },
  { activity: "cart_view", count: 5 },
];

beforeAll(async () => {
  await loadMessages("wizard");
  // jsdom has no media queries.
  window.matchMedia = (query) => ({ matches: false, media: query, addEventListener: () => undefined, removeEventListener: () => undefined }) as unknown as MediaQueryList;
});

const state: { rules: StepRule[]; goal: string | null } = { rules: [], goal: null };

function Page({ rules: first, events }: { rules: StepRule[]; events: number }) {
  const [rules, setRules] = useState(first);
  const [goal, setGoal] = useState<string | null>("cart_add");
  return (
    <StepsSection
      steps={STEPS}
      eventsCount={events}
      rules={rules}
      goal={goal}
      onChange={(next, nextGoal) => {
        Object.assign(state, { rules: next, goal: nextGoal });
        setRules(next);
        setGoal(nextGoal);
      }}
    />
  );
}

function show(rules: StepRule[] = [], events = 1555) {
  Object.assign(state, { rules, goal: "cart_add" });
  render(
    <MantineProvider env="test">
      <Messages>
        <Page rules={rules} events={events} />
      </Messages>
    </MantineProvider>,
  );
  return userEvent.setup();
}

it("counts a pattern while it is typed, adds it, and undoes it", async () => {
  const user = show();
  expect(screen.getByText("4 steps in this file.")).toBeTruthy();
  await user.type(screen.getByLabelText("Steps like"), "/product/*");
  expect(screen.getByText("Renames 2 steps with 1,530 events.")).toBeTruthy();
  await user.type(screen.getByLabelText("become"), "Product page{Enter}");
  expect(screen.getByText("4 steps become 3.")).toBeTruthy();
  expect(screen.getByText("1,530 events")).toBeTruthy();
  await user.click(screen.getByRole("button", { name: "Undo /product/*" }));
  expect(state.rules).toEqual([]);
});

it("groups chosen steps, and the goal goes along", async () => {
  const user = show();
  expect(screen.getByRole<HTMLButtonElement>("button", { name: "Group steps" }).disabled).toBe(true);
  await user.click(screen.getByRole("checkbox", { name: "Select cart_add" }));
  await user.click(screen.getByRole("checkbox", { name: "Select cart_view" }));
  await user.type(screen.getByLabelText("Group as"), "Cart{Enter}");
  expect(state).toEqual({
    rules: [
      { pattern: "cart_add", name: "Cart" },
      { pattern: "cart_view", name: "Cart" },
    ],
    goal: "Cart",
  });
  await user.click(screen.getByRole("button", { name: "Undo Cart" }));
  expect(state).toEqual({ rules: [], goal: "cart_add" });
});

it("renames by keyboard and comes back to where it was", async () => {
  const user = show();
  screen.getByRole("button", { name: "Rename cart_view" }).focus();
  await user.keyboard("{Enter}cart_add");
  expect(screen.getByText("Joins the step “cart_add”, which is there already.")).toBeTruthy();
  await user.keyboard("{Escape}");
  expect(document.activeElement?.getAttribute("aria-label")).toBe("Rename cart_view");
  await user.keyboard("{Enter}Basket{Enter}");
  expect(document.activeElement?.getAttribute("aria-label")).toBe("Rename Basket");
  expect(state.rules).toEqual([{ pattern: "cart_view", name: "Basket" }]);
});

it("refuses more rules than a mapping holds, and says when steps are not all here", async () => {
  const full = Array.from({ length: 500 }, (_, place) => ({ pattern: `gone ${place}`, name: "Gone" }));
  const user = show(full, 2000);
  expect(screen.getByText(/The 4 most frequent steps are shown, with 1,555 of 2,000 events/)).toBeTruthy();
  await user.type(screen.getByLabelText("Steps like"), "x*");
  await user.type(screen.getByLabelText("become"), "X{Enter}");
  expect(screen.getByRole("alert").textContent).toContain("more than 500 rules");
  expect(state.rules).toBe(full);
});
