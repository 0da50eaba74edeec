import { MantineProvider } from "@mantine/core";
import { render, screen } from "@testing-library/react";
import { afterEach, expect, it, vi } from "vitest";
import { ApiError } from "@/api/client";
import { Messages } from "@/messages";
import { ErrorState } from ".";

vi.stubGlobal("matchMedia", () => ({ matches: false, addEventListener: vi.fn(), removeEventListener: vi.fn() }));
afterEach(() => vi.restoreAllMocks());

const chunk = new TypeError("Failed to fetch dynamically imported module: http://localhost/assets/HelpPage.js");

it.each([
  ["without a connection", chunk, false, "No connection. Try again when you are online."],
  ["when a part of the page does not come", chunk, true, "The server did not send this part of the page. Check your connection, then load the page again."],
  ["when the server is silent", new ApiError({ type: "", title: "", status: 0, detail: "", reason: "offline" }), true, "The server did not answer. Check your connection."],
  ["when nobody foresaw it", new TypeError("x is undefined"), true, "The server answered in a way this page does not understand."],
])("says what is true %s", (_, error, isOnline, sentence) => {
  vi.spyOn(navigator, "onLine", "get").mockReturnValue(isOnline);
  render(
    <Messages>
      <MantineProvider env="test">
        <ErrorState error={error} title="Failed" />
      </MantineProvider>
    </Messages>,
  );
  expect(screen.getByText(sentence)).toBeTruthy();
});
