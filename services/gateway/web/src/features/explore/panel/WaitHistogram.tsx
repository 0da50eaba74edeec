import { useText } from "@/messages";
import { useFormat } from "@/shared/format";
import { useScope } from "@/shared/scope";
import { LoadingBlock, Note, useErrorText } from "@/shared/ui";
import { usePathTimes } from "../data";
import type { Path } from "../model/graph";
import css from "./panel.module.css";

/** How the waits of one path are spread: bars with the bounds of each bin, the median marked; `kept` steps are the shown ones, none means all. */
export function WaitHistogram({ path, kept }: { path: Path; kept: readonly string[] }) {
  const t = useText();
  const f = useFormat();
  const { datasetId, question } = useScope();
  const times = usePathTimes(datasetId, question, kept, path.source, path.target);
  const errorText = useErrorText();
  if (times.isPending) return <LoadingBlock height={96} />;
  if (times.isError) return <Note tone="danger">{errorText(times.error)}</Note>;
  const { bins } = times.data;
  const [first, last] = [bins[0], bins.at(-1)];
  if (!first || !last) return null;
  const most = Math.max(...bins.map((bin) => bin.count));
  const holdsMedian = (bin: (typeof bins)[number]): boolean =>
    path.median_seconds >= bin.from_seconds && path.median_seconds < bin.to_seconds;
  return (
    <figure className={css.histogram}>
      <div
        className={css.bins}
        role="img"
        aria-label={t("explore.path.histogram", { median: f.duration(path.median_seconds), slow: f.duration(path.p90_seconds) })}
      >
        {bins.map((bin) => (
          <span
            key={bin.from_seconds}
            data-median={holdsMedian(bin) || undefined}
            style={{ height: `${Math.max(bin.count > 0 ? 3 : 0, (bin.count / most) * 100)}%` }}
            title={t("explore.path.bin", {
              from: f.duration(bin.from_seconds),
              to: f.duration(bin.to_seconds),
              moves: f.number(bin.count),
              count: bin.count,
            })}
          />
        ))}
      </div>
      <figcaption>
        <span>{f.duration(first.from_seconds)}</span>
        <span>{f.duration(last.to_seconds)}</span>
      </figcaption>
    </figure>
  );
}
