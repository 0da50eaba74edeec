import { MantineProvider } from "@mantine/core";
import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it, vi } from "vitest";
import { LockedButton } from "./LockedButton";

vi.stubGlobal("matchMedia", () => ({ matches: false, addEventListener: vi.fn(), removeEventListener: vi.fn() }));

it("is reached by the keyboard and says why it does nothing", async () => {
  render(
    <MantineProvider env="test">
      <LockedButton reason="Adding events needs access. Ask Linh.">Add events</LockedButton>
    </MantineProvider>,
  );
  await userEvent.tab();
  const button = screen.getByRole("button", { name: "Add events" });
  expect(document.activeElement).toBe(button);
  expect(button.getAttribute("aria-disabled")).toBe("true");
  expect(document.getElementById(button.getAttribute("aria-describedby") ?? "")?.textContent).toBe("Adding events needs access. Ask Linh.");
  expect((await screen.findByRole("tooltip")).textContent).toBe("Adding events needs access. Ask Linh.");
});
