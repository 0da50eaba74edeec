import { waitFor } from "@testing-library/react";
import { beforeEach, expect, it, vi } from "vitest";
import { api } from "@/api/client";
import { addressWith, noteExport } from "./noteExport";

const post = vi.spyOn(api, "post");
beforeEach(() => void post.mockReset().mockResolvedValue(undefined));

it("tells the journal what was saved, and from where", () => {
  window.history.replaceState(null, "", "/explore/map?f=device_category:mobile&f=a%3Eb&steps=4");
  noteExport("d1", { object: "map", format: "svg", address: addressWith({ dataset: "d1", steps: "7" }) });
  expect(post).toHaveBeenCalledExactlyOnceWith("/datasets/d1/exports", {
    ...{ object: "map", format: "svg" },
    address: "/explore/map?f=device_category:mobile&f=a>b&steps=7&dataset=d1",
  });
});

it("leaves out an address that the journal does not take", () => {
  noteExport("d1", { object: "rejected_rows", format: "csv", address: `/${"y".repeat(2000)}` });
  expect(post).toHaveBeenCalledExactlyOnceWith("/datasets/d1/exports", { object: "rejected_rows", format: "csv", address: "" });
});

it("has nothing to tell without a dataset", () => {
  noteExport(null, { object: "rejected_rows", format: "csv", address: "/data/imports/i1" });
  expect(post).not.toHaveBeenCalled();
});

it("spoils nothing when it fails", async () => {
  post.mockRestore();
  const fetch = vi.spyOn(globalThis, "fetch").mockRejectedValue(new TypeError("Failed to fetch"));
  noteExport("d1", { object: "paths", format: "csv", address: "/explore/map" });
  // A refusal that nobody takes fails this run.
  await waitFor(() => expect(fetch).toHaveBeenCalledOnce());
});
