import { renderHook } from "@testing-library/react";
import { expect, it, vi } from "vitest";
import { useLabelWidth } from "./text";

it("measures every digit as wide as the map draws it", () => {
  Object.defineProperty(document, "fonts", { value: { status: "loaded" }, configurable: true });
  const measureText = (text: string) => ({ width: [...text].reduce((sum, letter) => sum + (letter === "1" ? 5 : 7), 0) });
  vi.spyOn(HTMLCanvasElement.prototype, "getContext").mockReturnValue({ measureText } as unknown as RenderingContext);
  const widthOf = renderHook(() => useLabelWidth()).result.current;
  expect([widthOf("1,111"), widthOf("8,888")]).toEqual([35, 35]);
});
