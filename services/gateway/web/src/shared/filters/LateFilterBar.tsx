import { lazy, Suspense } from "react";
import { BarShape } from "./BarShape";
import type { FilterBarProps } from "./FilterBar";

const Bar = lazy(async () => ({ default: (await import("./FilterBar")).FilterBar }));

/** The filter bar for pages that can be read before it is there. */
export function LateFilterBar(props: FilterBarProps) {
  return (
    <Suspense fallback={<BarShape />}>
      <Bar {...props} />
    </Suspense>
  );
}
