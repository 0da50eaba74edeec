/** What waits for the pointer to be let go; null while it is not pressed. */
let waiting: (() => void)[] | null = null;

document.addEventListener("mousedown", () => (waiting ??= []), true);
// A drag ends without a mouseup.
for (const release of ["mouseup", "dragend"]) {
  document.addEventListener(
    release,
    () => {
      const due = waiting ?? [];
      waiting = null;
      for (const run of due) run();
    },
    true,
  );
}

/** The action, put off while the pointer is pressed: what it changes must not move what is pressed from under the pointer, or the click is lost. */
export function afterPress(run: () => void): () => void {
  return () => (waiting ? void waiting.push(run) : run());
}

/** For `enhanceGetInputProps` of a form: a field left by a press is checked once the pointer is let go. */
export function checkAfterPress({ inputProps: { onBlur } }: { inputProps: { onBlur?: () => void } }): { onBlur?: () => void } {
  return onBlur ? { onBlur: afterPress(onBlur) } : {};
}
