import { useInViewport } from "@mantine/hooks";
import type { Dataset } from "@/api/types";
import { useText } from "@/messages";
import { useQuality, type QualityLevel } from "./quality";
import css from "./quality.module.css";

/** A dot and the word for the quality of a dataset. */
export function QualityWord({ level }: { level: QualityLevel }) {
  const t = useText();
  return (
    <span className={css.word} data-level={level}>
      {t(`common.quality.${level}`)}
    </span>
  );
}

/** The quality of a dataset, asked for once the mark comes into sight. */
export function QualityMark({ dataset }: { dataset: Dataset }) {
  const t = useText();
  const { ref, inViewport } = useInViewport<HTMLSpanElement>();
  const quality = useQuality(dataset, { enabled: inViewport && dataset.events > 0 });
  return (
    <span ref={ref}>
      {quality.data?.level ? (
        <QualityWord level={quality.data.level} />
      ) : (
        <span className="muted" data-skeleton={quality.isFetching || undefined}>
          {t(quality.isFetching ? "common.quality.pending" : quality.isError ? "common.quality.unknown" : "common.quality.none")}
        </span>
      )}
    </span>
  );
}
