import { useEffect, useState } from "react";

/** Gives the focus back to what had it when this dialog appeared; for dialogs that are there only while they are open. */
export function useFocusBack(): void {
  const [opener] = useState(() => document.activeElement);
  useEffect(
    () => () => {
      if (opener instanceof HTMLElement) opener.focus({ preventScroll: true });
    },
    [opener],
  );
}
