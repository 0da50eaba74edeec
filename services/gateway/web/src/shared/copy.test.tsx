import { Button, Modal } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { fireEvent, screen } from "@testing-library/react";
import { beforeEach, expect, it, vi } from "vitest";
import { quietClient, showAt } from "@/test-page";
import { useCopy } from "./copy";

const clipboard = (value: unknown) => Object.defineProperty(navigator, "clipboard", { configurable: true, value });
/** What the browser's own command would copy, and from where. */
let copied: { text: string; place: Element | null } | null = null;
const command = (isAllowed: boolean) => {
  document.execCommand = () => {
    const field = document.activeElement as HTMLTextAreaElement;
    if (isAllowed) copied = { text: field.value.slice(field.selectionStart, field.selectionEnd), place: field.closest("[role=dialog]") };
    return isAllowed;
  };
};

beforeEach(() => {
  notifications.clean();
  vi.stubGlobal("matchMedia", () => ({ matches: false, addEventListener: vi.fn(), removeEventListener: vi.fn() }));
  vi.stubGlobal("ResizeObserver", class { observe() {} unobserve() {} disconnect() {} });
  copied = null;
});

function Copier({ isOnPage }: { isOnPage?: boolean }) {
  const { copy, isCopied } = useCopy({ isOnPage });
  return <Button onClick={() => void copy("line 1\nline 2")}>{isCopied ? "Copied" : "Copy"}</Button>;
}

async function press() {
  const button = await screen.findByRole("button", { name: "Copy" });
  button.focus();
  fireEvent.click(button);
  return button;
}

it("copies by the clipboard where there is one", async () => {
  const writeText = vi.fn(() => Promise.resolve());
  clipboard({ writeText });
  command(false);
  showAt("/", <Copier />, quietClient());
  await press();
  await screen.findByText("Copied");
  expect(writeText).toHaveBeenCalledWith("line 1\nline 2");
});

it.each([
  ["there is no clipboard", undefined],
  ["the clipboard refuses", { writeText: () => Promise.reject(new Error("denied")) }],
])("copies by the command where %s, and gives the focus back", async (_, value) => {
  clipboard(value);
  command(true);
  showAt("/", <Copier />, quietClient());
  const button = await press();
  await screen.findByText("Copied");
  expect(copied).toEqual({ text: "line 1\nline 2", place: null });
  expect(document.activeElement).toBe(button);
  expect(document.querySelector("textarea")).toBeNull();
});

it("copies inside a dialog, which keeps the focus", async () => {
  clipboard(undefined);
  command(true);
  showAt("/", <Modal opened onClose={vi.fn()} title="Dialog"><Copier /></Modal>, quietClient());
  await press();
  await screen.findByText("Copied");
  expect(copied).toEqual({ text: "line 1\nline 2", place: screen.getByRole("dialog") });
});

it("says where nothing works, with the text when it is not on the page", async () => {
  clipboard(undefined);
  command(false);
  showAt("/", <Copier />, quietClient());
  await press();
  const text = await screen.findByText(/line 1/);
  expect(text.parentElement?.textContent).toContain("Copy it by hand:");
  expect(screen.queryByText("Copied")).toBeNull();
});

it("leaves the text out of what it says when it is on the page", async () => {
  clipboard(undefined);
  command(false);
  showAt("/", <Copier isOnPage />, quietClient());
  await press();
  expect(await screen.findByText(/Select the text and copy it by hand/)).toBeTruthy();
});
