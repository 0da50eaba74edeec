import { MantineProvider } from "@mantine/core";
import { QueryClientProvider } from "@tanstack/react-query";
import { render, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { useState } from "react";
import { afterEach, beforeAll, expect, it, vi } from "vitest";
import { loadMessages, Messages } from "@/messages";
import { quietClient } from "@/test-page";
import { AddressDialog } from "./AddressDialog";
import { addressProblem, type Remote } from "./remote";

const ADDRESS = "https://shop.example/orders.csv?key=1";

beforeAll(async () => {
  vi.stubGlobal("matchMedia", () => ({ matches: false, addEventListener: vi.fn(), removeEventListener: vi.fn() }));
  vi.stubGlobal("ResizeObserver", class { observe() {} unobserve() {} disconnect() {} });
  await loadMessages("wizard");
});
afterEach(() => vi.restoreAllMocks());

function Host({ onUse }: { onUse: (file: File, remote: Remote) => Promise<void> }) {
  const [url, setUrl] = useState("");
  return <AddressDialog url={url} problem={null} onChange={setUrl} onUse={onUse} onClose={vi.fn()} />;
}

function show() {
  const onUse = vi.fn<(file: File, remote: Remote) => Promise<void>>().mockResolvedValue(undefined);
  const { unmount } = render(
    <QueryClientProvider client={quietClient()}>
      <Messages>
        <MantineProvider env="test">
          <Host onUse={onUse} />
        </MantineProvider>
      </Messages>
    </QueryClientProvider>,
  );
  return { onUse, unmount, field: screen.getByRole<HTMLInputElement>("textbox", { name: "Web address of the file" }) };
}

/** What the server is asked, and answers. */
function serve(answer: () => Promise<Response>) {
  const fetched = vi.fn<typeof fetch>(answer);
  vi.stubGlobal("fetch", fetched);
  return fetched;
}

it("gives the focus back to its opener", async () => {
  const opener = document.body.appendChild(document.createElement("button"));
  opener.focus();
  const { field, unmount } = show();
  await waitFor(() => expect(document.activeElement).toBe(field));
  unmount();
  expect(document.activeElement).toBe(opener);
  opener.remove();
});

it.each([
  ["", "missing"],
  ["shop.example/orders.csv", "invalid"],
  ["ftp://shop.example/orders.csv", "invalid"],
  ["https://", "invalid"],
  ["https://user:secret@shop.example/orders.csv", "password"],
  [` ${ADDRESS} `, null],
  ["http://127.0.0.1:8000/a.csv", null],
])("judges %j", (text, problem) => expect(addressProblem(text)).toBe(problem));

it("says on leaving the field what is wrong with it, but not when it is still empty", async () => {
  const fetched = serve(() => Promise.reject(new Error("asked")));
  const { field } = show();
  await userEvent.click(field);
  await userEvent.tab();
  expect(field.getAttribute("aria-invalid")).not.toBe("true");
  await userEvent.type(field, "shop.example/orders.csv");
  await userEvent.tab();
  expect(field.getAttribute("aria-invalid")).toBe("true");
  expect(screen.getByText(/This is not a web address/)).toBeTruthy();
  await userEvent.click(screen.getByRole("button", { name: "Read the file" }));
  expect(document.activeElement).toBe(field);
  await userEvent.clear(field);
  expect(screen.queryByText(/This is not a web address/)).toBeNull();
  await userEvent.click(screen.getByRole("button", { name: "Read the file" }));
  expect(screen.getByText("Enter the web address of the file.")).toBeTruthy();
  expect(fetched).not.toHaveBeenCalled();
});

it.each([
  [{ "X-File-Bytes": "7340032" }, 4, 7_340_032],
  [{}, 4, 4],
  [{}, 1 << 20, null],
])("hands the beginning of the file on with its name and size", async (headers, length, bytes) => {
  const disposition = { "Content-Disposition": "attachment; filename*=UTF-8''%C4%90%C6%A1n%20h%C3%A0ng.csv" };
  const fetched = serve(() => Promise.resolve(new Response(new Uint8Array(length), { headers: { ...headers, ...disposition } })));
  const { field, onUse } = show();
  await userEvent.type(field, ` ${ADDRESS} {Enter}`);
  await waitFor(() => expect(onUse).toHaveBeenCalledOnce());
  expect(fetched.mock.calls[0]).toMatchObject(["/api/v1/remote-file", { method: "POST", body: JSON.stringify({ url: ADDRESS }) }]);
  const [file, remote] = onUse.mock.calls[0] as [File, Remote];
  expect([file.name, file.size]).toEqual(["Đơn hàng.csv", length]);
  expect(remote).toEqual({ url: ADDRESS, bytes });
});

it("shows why the file cannot be had, at the field, and what was entered stays", async () => {
  const detail = "The server answered with status 404, not with a file.";
  serve(() => Promise.resolve(new Response(JSON.stringify({ status: 400, reason: "url_status_not_200", detail, errors: [] }), { status: 400 })));
  const { field, onUse } = show();
  await userEvent.type(field, `${ADDRESS}{Enter}`);
  await screen.findByText(detail);
  expect(field.getAttribute("aria-invalid")).toBe("true");
  expect([field.value, document.activeElement]).toEqual([ADDRESS, field]);
  expect(onUse).not.toHaveBeenCalled();
});

it("says that it reads, and stops when the dialog is closed", async () => {
  const fetched = serve(() => new Promise(() => undefined));
  const { field, unmount } = show();
  await userEvent.type(field, `${ADDRESS}{Enter}`);
  expect((await screen.findByRole("status")).textContent).toBe("Reading the first megabyte");
  const signal = fetched.mock.calls[0]?.[1]?.signal;
  expect(signal?.aborted).toBe(false);
  unmount();
  expect(signal?.aborted).toBe(true);
});
