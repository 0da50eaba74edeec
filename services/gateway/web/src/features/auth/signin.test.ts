import { expect, it } from "vitest";
import { safeNext } from "./SignInPage";

it("follows only addresses of this page", () => {
  expect(safeNext("/explore/map?dataset=a&f=step:x")).toBe("/explore/map?dataset=a&f=step:x");
  for (const foreign of ["https://elsewhere.example", "//elsewhere.example", "/\\elsewhere.example", "/signin?next=/", undefined, ["/"]]) {
    expect(safeNext(foreign)).toBe("/");
  }
});
