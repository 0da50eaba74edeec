import { describe, expect, it } from "vitest";
import { isSameTerms } from "./sameTerms";
import { formatTerm, isTerm, parseTerm, valueTerm, withTerm, type Term } from "./terms";

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
    "properties.a\\:b:c:d",
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

  it.each(["", "nonsense", ":x", "length:abc", "length:..", "duration:1", "direct:a", "direct:a>b>c", "length:9..3", "length:1.5..", "step:", "way:a>", "direct:a>", "Foo:bar", "geo_citx:a", "time:2024", "properties.:a", "step:a\\"])("refuses %s", (text) => {
    expect(parseTerm(text)).toBeNull();
  });

  it("takes several ranges, as the API does", () => {
    expect(isTerm("!length:1..3,5..9")).toBe(true);
    expect(isTerm("length:1..3,x")).toBe(false);
  });

  it("knows the same filter in another order and with other escapes", () => {
    expect(isSameTerms(["step:\\!a", "duration:60.0.."], ["duration:60..", "step:!a"])).toBe(true);
    expect(isSameTerms(["step:a"], ["step:b"])).toBe(false);
    expect(isSameTerms(["step:a"], [])).toBe(false);
  });

  it("does not add the same condition twice", () => {
    const term = { kind: "step", field: "step", isNegated: false, values: ["a"] } as const;
    expect(withTerm(["step:a"], { ...term, values: ["a"] })).toEqual(["step:a"]);
  });
});

it("writes filters that keep one value, whatever is in it", () => {
  const text = (field: string, values: string[]) => formatTerm(valueTerm(field, values) as Term);
  expect(text("action_type", ["a>b", "c!"])).toBe("step:a\\>b,c\\!");
  expect(text("properties.plan", ["pro"])).toBe("properties.plan:pro");
  expect(valueTerm("properties.a:b", ["x"])).toBeNull();
});
