import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeAll, expect, it, vi } from "vitest";
import { ApiError, api } from "@/api/client";
import { datasetsQuery } from "@/api/hooks";
import { loadMessages } from "@/messages";
import { usualDataset } from "@/shared/scope";
import { quietClient, showAt } from "@/test-page";
import { Examples } from "./Examples";

beforeAll(async () => {
  vi.stubGlobal("matchMedia", () => ({ matches: false, addEventListener: vi.fn(), removeEventListener: vi.fn() }));
  await loadMessages("home");
});
afterEach(() => vi.restoreAllMocks());

/** Shows the examples beside a dataset called `taken`; the import ends as `ended` says. */
function show(taken: string, ended: object) {
  vi.spyOn(window, "fetch").mockImplementation(() => Promise.resolve(new Response("{}")));
  const post = vi.spyOn(api, "post").mockImplementation((path) => Promise.resolve((path === "/datasets" ? { id: "d2" } : { id: "i1", status: "running", progress_ratio: 0.5 }) as never));
  vi.spyOn(api, "get").mockResolvedValue({ id: "i1", ...ended });
  const patch = vi.spyOn(api, "patch").mockResolvedValue({ id: "d2" });
  const remove = vi.spyOn(api, "delete").mockResolvedValue(undefined);
  const client = quietClient();
  client.setQueryData(datasetsQuery.queryKey, [{ id: "d1", name: taken }] as never);
  return { post, patch, remove, ...showAt("/", <Examples />, client) };
}

const press = async (name: string) => userEvent.click(await screen.findByRole("button", { name }));

it.each([
  ["Web shop", "Web shop (2)", "session", "purchase"],
  ["Loan applications", "Loan applications (example)", "customer", "Loan paid out"],
])("brings in %s under a free name, with its unit and goal", async (button, name, unit, goal) => {
  const { post, patch, remove } = show("Web shop", { status: "completed" });
  await press(button);
  await screen.findByText(`Bringing in ${name.replace(" (2)", "")}`);
  await waitFor(() => expect(screen.getByRole("progressbar").getAttribute("aria-valuenow")).toBe("50"));
  await waitFor(() => expect(patch).toHaveBeenCalledWith("/datasets/d2", { goal_activity: goal }));
  expect(post).toHaveBeenCalledWith("/datasets", expect.objectContaining({ name, case: unit }));
  expect(remove).not.toHaveBeenCalled();
  await waitFor(() => expect(usualDataset([{ id: "d1" }, { id: "d2" }] as never)?.id).toBe("d2"));
});

it("says why an import failed, leaves no dataset, and offers both again", async () => {
  const { remove } = show("Shop", { status: "failed", error: { detail: "The store of events is full." } });
  await press("Loan applications");
  await screen.findByText("The example could not be imported: The store of events is full.");
  expect(remove).toHaveBeenCalledWith("/datasets/d2?for_good=true");
  expect(screen.getAllByRole("button").map((button) => button.textContent)).toEqual(["Web shop", "Loan applications"]);
});

it("says why the server refuses a dataset", async () => {
  const { post, remove } = show("Shop", {});
  post.mockRejectedValue(new ApiError({ status: 403, reason: "no", detail: "Only analysts may make datasets.", title: "no", type: "about:blank" }));
  await press("Web shop");
  await screen.findByText(/Only analysts may make datasets\./);
  expect(remove).not.toHaveBeenCalled();
});
