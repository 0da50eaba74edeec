import { lazy, Suspense } from "react";
import type { HelpPageName } from "@/shared/helpPages";
import css from "./ui.module.css";

// Loaded beside the page: popovers are no part of what every page loads first.
const HelpPopover = lazy(() => import("./HelpPopover"));

export interface HelpHoverProps {
  term: string;
  textId: string;
  helpPage?: HelpPageName;
}

/** A "?" next to a term: two to four sentences and a link to the Help page. */
export function HelpHover(props: HelpHoverProps) {
  return (
    <Suspense fallback={<span className={css.help} />}>
      <HelpPopover {...props} />
    </Suspense>
  );
}
