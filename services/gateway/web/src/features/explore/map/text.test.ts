import { renderHook } from "@testing-library/react";
import { beforeAll, expect, it, vi } from "vitest";
import { cutNames, useLabelWidth } from "./text";

beforeAll(() => {
  Object.defineProperty(document, "fonts", { value: { status: "loaded" }, configurable: true });
  const measureText = (text: string) => ({ width: [...text].reduce((sum, letter) => sum + (letter === "1" ? 5 : 7), 0) });
  vi.spyOn(HTMLCanvasElement.prototype, "getContext").mockReturnValue({ measureText } as unknown as RenderingContext);
});

it("measures every digit as wide as the map draws it", () => {
  const widthOf = renderHook(() => useLabelWidth()).result.current;
  expect([widthOf("1,111"), widthOf("8,888")]).toEqual([35, 35]);
});

it("cuts names at the end, or where they differ", () => {
  const names = ["cart", "shipping and payment", "https://shop.example/cart", "https://shop.example/checkout/one", "https://shop.example/checkout/two"];
  expect([...cutNames(names, "font", 14 * 7).values()]).toEqual(["cart", "shipping and…", "https…ple/cart", "https…kout/one", "https…kout/two"]);
});
