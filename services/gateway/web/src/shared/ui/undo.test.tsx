import { MantineProvider } from "@mantine/core";
import { Notifications, notifications } from "@mantine/notifications";
import { act, fireEvent, render, screen, waitFor } from "@testing-library/react";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Messages } from "@/messages";
import { useUndo } from "./undo";

vi.stubGlobal("matchMedia", () => ({ matches: false, addEventListener: vi.fn(), removeEventListener: vi.fn() }));
const undone: string[] = [];
const unused: string[] = [];

function Deleter() {
  const offerUndo = useUndo();
  return (
    <>
      <input aria-label="Field" />
      {["A", "B"].map((name) => (
        <button key={name} type="button" onClick={() => offerUndo(`${name} deleted.`, () => undone.push(name), () => unused.push(name))}>
          {name}
        </button>
      ))}
    </>
  );
}

beforeEach(() => {
  vi.useFakeTimers({ shouldAdvanceTime: true });
  render(
    <MantineProvider env="test">
      <Messages>
        <Notifications />
        <Deleter />
      </Messages>
    </MantineProvider>,
  );
});

afterEach(() => {
  act(() => notifications.clean());
  undone.length = 0;
  unused.length = 0;
  vi.useRealTimers();
});

const press = (target: Element = document.body, more = {}) => fireEvent.keyDown(target, { key: "z", ctrlKey: true, ...more });
const choose = (name: string) => fireEvent.click(screen.getByRole("button", { name }));

it("undoes by the button, once, and closes", async () => {
  choose("A");
  fireEvent.click(await screen.findByRole("button", { name: "Undo" }));
  expect(undone).toEqual(["A"]);
  await waitFor(() => expect(screen.queryByText(/A deleted/)).toBeNull());
  press();
  expect(undone).toEqual(["A"]);
  expect(unused).toEqual([]);
});

it("undoes the latest first by Ctrl Z, but leaves the keys to fields", async () => {
  choose("A");
  choose("B");
  await screen.findByText(/B deleted/);
  press(screen.getByRole("textbox"));
  press(document.body, { shiftKey: true });
  expect(undone).toEqual([]);
  press();
  await waitFor(() => expect(screen.queryByText(/B deleted/)).toBeNull());
  press();
  expect(undone).toEqual(["B", "A"]);
});

it("offers it for ten seconds", async () => {
  choose("A");
  await screen.findByText(/A deleted/);
  await act(() => vi.advanceTimersByTimeAsync(9000));
  expect(screen.queryByText(/A deleted/)).not.toBeNull();
  expect(unused).toEqual([]);
  await act(() => vi.advanceTimersByTimeAsync(2000));
  await waitFor(() => expect(screen.queryByText(/A deleted/)).toBeNull());
  press();
  expect(undone).toEqual([]);
  expect(unused).toEqual(["A"]);
});
