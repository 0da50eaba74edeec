import { fireEvent } from "@testing-library/react";
import { expect, it, vi } from "vitest";
import { checkAfterPress } from "./afterPress";

it("checks a field left by key at once, and one left by a press when the pointer is let go or the drag ends", () => {
  const check = vi.fn();
  const leave = checkAfterPress({ inputProps: { onBlur: check } }).onBlur;
  leave?.();
  expect(check).toHaveBeenCalledTimes(1);
  for (const [at, release] of [fireEvent.mouseUp, fireEvent.dragEnd].entries()) {
    fireEvent.mouseDown(document.body);
    leave?.();
    expect(check).toHaveBeenCalledTimes(at + 1);
    release(document.body);
    expect(check).toHaveBeenCalledTimes(at + 2);
  }
  leave?.();
  expect(check).toHaveBeenCalledTimes(4);
});

it("leaves a field alone that is not checked when it is left", () => {
  expect(checkAfterPress({ inputProps: {} })).toEqual({});
});
