import { Button } from "@mantine/core";
import { IconCheck } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useIntl } from "react-intl";
import type { Dataset } from "@/api/types";
import { T, useText } from "@/messages";
import { formatTerm, valueTerm } from "@/shared/filters/terms";
import { fieldLabel } from "@/shared/fields";
import { useFormat } from "@/shared/format";
import { useScopeIn } from "@/shared/scope";
import { Card, ErrorState, HelpHover, LoadingBlock } from "@/shared/ui";
import { AsOfNote } from "./AsOfNote";
import css from "./data.module.css";
import { FixDialog } from "./FixDialog";
import { NoEvents } from "./NoEvents";
import { fixableKind, sortedFindings, useQuality, whileChanging, type QualityExample, type QualityFinding } from "./quality";
import look from "./quality.module.css";
import { QualityWord } from "./QualityMark";
import { StepAliases } from "./StepAliases";

/** What looks wrong in the stored events and the newest import, with examples and a way to see the rows. */
export function QualityTab({ dataset }: { dataset: Dataset }) {
  const t = useText();
  const quality = useQuality(dataset, { refetchInterval: whileChanging });
  if (quality.isError) return <ErrorState error={quality.error} onRetry={() => void quality.refetch()} />;
  if (quality.isPending) return <LoadingBlock height={360} />;
  const { level, events, findings } = quality.data;
  if (level === null) return <NoEvents dataset={dataset} />;
  const { found, nothing } = sortedFindings(findings);
  return (
    <div className={css.stack}>
      <Card>
        <div className={look.head}>
          <span>
            <QualityWord level={level} /> <HelpHover term={t("data.column.quality")} textId="data.quality.help" helpPage="glossary" />
          </span>
          <p>{t(`data.quality.summary.${level}`, { events })}</p>
        </div>
        <p className={`${look.rule} small muted`}>{t("data.quality.rule")}</p>
        <AsOfNote answer={quality.data} />
      </Card>
      {found.length > 0 && (
        <ul className={look.findings} aria-label={t("data.quality.findings")}>
          {found.map((finding) => (
            <Found key={finding.kind} finding={finding} dataset={dataset} />
          ))}
        </ul>
      )}
      <StepAliases dataset={dataset} />
      {nothing.length > 0 && (
        <Card title={t("data.quality.nothing")}>
          <ul className={look.nothing}>
            {nothing.map(({ kind }) => (
              <li key={kind}>
                <IconCheck size={16} stroke={1.7} />
                {t(`data.quality.name.${kind}`)}
              </li>
            ))}
          </ul>
        </Card>
      )}
    </div>
  );
}

function Found({ finding, dataset }: { finding: QualityFinding; dataset: Dataset }) {
  const t = useText();
  const format = useFormat();
  const scopeWithin = useScopeIn();
  const { kind, level, count, total, examples, check_ratio, problem_ratio, import_id } = finding;
  const [isFixing, setFixing] = useState(false);
  const kindToFix = dataset.access.can_manage ? fixableKind(finding) : null;
  return (
    <li className={look.finding}>
      <QualityWord level={level} />
      <div className={look.findingText}>
        <p>
          <T id={`data.quality.found.${kind}`} values={{ n: count, count: format.number(count), total: format.number(total), share: format.share(count / total) }} />
        </p>
        <p className="small muted">
          {t(`data.quality.means.${kind}`)}{" "}
          {t(check_ratio > 0 ? "data.quality.limits" : "data.quality.limits_any", { check: format.share(check_ratio), problem: format.share(problem_ratio) })}
        </p>
        {import_id && (
          <Link to="/data/imports/$importId" params={{ importId: import_id }} search={scopeWithin(dataset.id)} className={look.link}>
            {t("data.quality.show_import")}
          </Link>
        )}
        {kindToFix && (
          <div>
            <Button variant="default" aria-label={t("data.fix.label", { name: t(`data.quality.name.${kind}`) })} onClick={() => setFixing(true)}>
              {t("data.fix")}
            </Button>
          </div>
        )}
        {kindToFix && isFixing && <FixDialog dataset={dataset} kind={kindToFix} finding={finding} onClose={() => setFixing(false)} />}
        {examples.length > 0 && (
          <ul className={look.examples} aria-label={t("data.quality.examples")}>
            {examples.map((example, index) => (
              <li key={index} className={look.example}>
                <ExampleText example={example} timeZone={dataset.time_zone} />
                <ExampleLink example={example} dataset={dataset} />
              </li>
            ))}
          </ul>
        )}
      </div>
    </li>
  );
}

/** An example in words: when and by whom, which days, or which values. */
function ExampleText({ example, timeZone }: { example: QualityExample; timeZone: string }) {
  const t = useText();
  const format = useFormat();
  const { formatList } = useIntl();
  const { customer_id, field, values, time, first_date, last_date, count } = example;
  if (first_date && last_date) {
    const days = { count, first: format.day(first_date), last: format.day(last_date) };
    return <span>{t(first_date === last_date ? "data.quality.example.day" : "data.quality.example.days", days)}</span>;
  }
  if (customer_id !== null) {
    return (
      <span>
        <T id="data.quality.example.customer" values={{ customer: customer_id, time: time ? format.moment(time, timeZone) : "", steps: formatList(values, { type: "unit" }), count }} />
      </span>
    );
  }
  const quoted = values.map((value) => t("data.quality.example.quoted", { value }));
  return (
    <span>
      {field !== null && `${fieldLabel(t, field)}: `}
      <T id="data.quality.example.values" values={{ values: formatList(quoted, { type: "unit" }), count }} />
    </span>
  );
}

/** The way to the rows of an example: the customer's events, or the journeys with the values. */
function ExampleLink({ example, dataset }: { example: QualityExample; dataset: Dataset }) {
  const t = useText();
  const scopeWithin = useScopeIn();
  const { customer_id, field, values } = example;
  if (customer_id !== null) {
    return (
      <Link to="/data/datasets/$datasetId" params={{ datasetId: dataset.id }} search={{ ...scopeWithin(dataset.id), customer: customer_id }} className={look.link}>
        {t("data.quality.show_rows")}
      </Link>
    );
  }
  const term = values.length > 0 && dataset.access.can_analyse ? valueTerm(field ?? "action_type", values) : null;
  if (term === null) return null;
  return (
    <Link to="/explore/map" search={{ dataset: dataset.id, f: [formatTerm(term)] }} className={look.link}>
      {t("data.quality.show_journeys")}
    </Link>
  );
}
