import { describe, expect, it } from "vitest";
import { formatTerm, parseTerm, withTerm } from "./terms";

describe("filter terms", () => {
  it.each([
    "device_category:mobile,tablet",
    "properties.plan:",
    "step:purchase",
    "!step:purchase",
    "direct:cart>purchase",
    "eventual:home>purchase",
    "starts:home,catalog",
    "ends:purchase",
    "length:3..10",
    "length:3..",
    "duration:..3600",
    "way:a>b>c",
    "geo_city:Hà Nội\\, VN",
    "step:a\\>b,\\!c,d\\\\e",
  ])("reads and writes %s without loss", (text) => {
    const term = parseTerm(text);
    expect(term).not.toBeNull();
    expect(term && formatTerm(term)).toBe(text);
  });

  it("keeps commas, arrows, marks and backslashes inside values", () => {
    const values = ["a,b", "a>b", "!x", "c\\", "x..y", ""];
    const text = formatTerm({ kind: "attribute", field: "geo_city", isNegated: true, values });
    expect(parseTerm(text)).toEqual({ kind: "attribute", field: "geo_city", isNegated: true, values });
  });

  it.each(["", "nonsense", ":x", "length:abc", "length:..", "duration:1", "direct:a", "direct:a>b>c"])("refuses %s", (text) => {
    expect(parseTerm(text)).toBeNull();
  });

  it("does not add the same condition twice", () => {
    const term = { kind: "step", field: "step", isNegated: false, values: ["a"] } as const;
    expect(withTerm(["step:a"], { ...term, values: ["a"] })).toEqual(["step:a"]);
  });
});
