import { MantineProvider } from "@mantine/core";
import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { useState } from "react";
import { beforeAll, expect, it, vi } from "vitest";
import { loadMessages, Messages } from "@/messages";
import { PasteDialog } from "./PasteDialog";

beforeAll(async () => {
  vi.stubGlobal("matchMedia", () => ({ matches: false, addEventListener: vi.fn(), removeEventListener: vi.fn() }));
  vi.stubGlobal("ResizeObserver", class { observe() {} unobserve() {} disconnect() {} });
  await loadMessages("wizard");
});

function Host({ onUse }: { onUse: (file: File) => Promise<void> }) {
  const [text, setText] = useState("");
  return <PasteDialog text={text} problem={null} onChange={setText} onUse={onUse} onClose={vi.fn()} />;
}

it("makes pasted cells a file", async () => {
  const onUse = vi.fn<(file: File) => Promise<void>>().mockResolvedValue(undefined);
  render(
    <Messages>
      <MantineProvider env="test">
        <Host onUse={onUse} />
      </MantineProvider>
    </Messages>,
  );
  const use = screen.getByRole<HTMLButtonElement>("button", { name: "Use this table" });
  expect(use.disabled).toBe(true);
  await userEvent.click(screen.getByRole("textbox"));
  const cells = "customer\tstep\ttime\nc1\tđặt hàng\t2026-01-02 10:00\n";
  await userEvent.paste(cells);
  await userEvent.click(use);
  const file = onUse.mock.calls[0]?.[0] as File;
  expect(file.name).toBe("pasted.csv");
  expect(new TextDecoder("utf-8", { ignoreBOM: true }).decode(await file.arrayBuffer())).toBe(`\uFEFF${cells}`);
});
