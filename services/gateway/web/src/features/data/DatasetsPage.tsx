import { Button } from "@mantine/core";
import { IconLock, IconPlus, IconUpload, IconWorld } from "@tabler/icons-react";
import { Link, useNavigate } from "@tanstack/react-router";
import { createDataset, useChange, useDatasets } from "@/api/hooks";
import type { Dataset } from "@/api/types";
import { FirstRun } from "@/features/home/FirstRun";
import { useText } from "@/messages";
import { useFormat } from "@/shared/format";
import { dayIn } from "@/shared/period";
import { useDatasetSwitch } from "@/shared/datasetSwitch";
import { useScopeIn, useUrlState } from "@/shared/scope";
import { scopeIn, scopeOf, type AppSearch } from "@/shared/search";
import { Card, DataTable, ErrorState, LinkButton, LoadingRows, PageBody, PageTitle, type Column } from "@/shared/ui";
import { useFocusBack } from "@/shared/ui/useFocusBack";
import css from "./data.module.css";
import { DatasetForm, datasetInput, datasetValues } from "./DatasetForm";
import { journeyUnit } from "./datasetOptions";
import { DataTabs } from "./DataTabs";
import { JourneysNumber, useJourneysCounts } from "./JourneysNumber";
import { QualityMark } from "./QualityMark";

/** All datasets the reader may see. */
export default function DatasetsPage() {
  const t = useText();
  const format = useFormat();
  const scopeWithin = useScopeIn();
  const switchTo = useDatasetSwitch();
  const datasets = useDatasets();
  const journeys = useJourneysCounts(datasets.data ?? []);
  const [isNew, setNew] = useUrlState("new", "", ["1"]);
  const isEmpty = datasets.data?.length === 0;

  const columns: Column<Dataset>[] = [
    {
      key: "name",
      label: t("data.column.name"),
      sortBy: (dataset) => dataset.name,
      render: (dataset) => (
        <Link to="/data/datasets/$datasetId" params={{ datasetId: dataset.id }} search={scopeWithin(dataset.id)} className={css.rowLink}>
          {dataset.name}
        </Link>
      ),
    },
    { key: "unit", label: t("data.column.unit"), render: (dataset) => t(`data.unit.${journeyUnit(dataset)}_short`, { minutes: dataset.session_gap_minutes ?? 0 }) },
    { key: "events", label: t("data.column.events"), align: "right", sortBy: (dataset) => dataset.events, render: (dataset) => format.number(dataset.events) },
    {
      key: "journeys",
      label: t("data.column.journeys"),
      align: "right",
      sortBy: (dataset) => (dataset.events === 0 ? 0 : (journeys.get(dataset.id)?.data?.journeys ?? -1)),
      render: (dataset) => <JourneysNumber dataset={dataset} answer={journeys.get(dataset.id)} />,
    },
    { key: "period", label: t("data.column.period"), sortBy: (dataset) => dataset.last_event_at ?? "", render: (dataset) => <DatasetPeriod dataset={dataset} /> },
    {
      key: "import",
      label: t("data.column.last_import"),
      sortBy: (dataset) => dataset.last_import_at ?? "",
      render: (dataset) => (dataset.last_import_at ? format.ago(dataset.last_import_at) : <span className="muted">{t("data.never")}</span>),
    },
    { key: "quality", label: t("data.column.quality"), render: (dataset) => <QualityMark dataset={dataset} /> },
    { key: "source", label: t("data.column.source"), render: (dataset) => <DatasetSource dataset={dataset} /> },
    {
      key: "visibility",
      label: t("data.column.visibility"),
      sortBy: (dataset) => Number(dataset.is_public),
      render: (dataset) => (
        <span className={css.status}>
          {dataset.is_public ? <IconWorld size={16} stroke={1.7} /> : <IconLock size={16} stroke={1.7} />}
          {t(dataset.is_public ? "data.public" : "data.private", { owner: dataset.owner })}
        </span>
      ),
    },
  ];

  return (
    <>
      <DataTabs />
      <PageBody>
        <PageTitle
          title={t("data.datasets")}
          lead={t("data.datasets_lead")}
          actions={
            <>
              <Button variant="default" leftSection={<IconPlus size={16} stroke={1.7} />} onClick={() => setNew("1")}>
                {t("data.new_dataset")}
              </Button>
              <LinkButton variant={isNew || isEmpty ? "default" : "filled"} to="/data/imports/new" search={scopeOf} leftSection={<IconUpload size={16} stroke={1.7} />}>
                {t("data.new_import")}
              </LinkButton>
            </>
          }
        />
        <div className={css.stack}>
          {isNew && <NewDataset onCancel={() => setNew(null)} />}
          {datasets.isError && <ErrorState error={datasets.error} onRetry={() => void datasets.refetch()} />}
          {datasets.isPending && <LoadingRows />}
          {isEmpty && !isNew && <FirstRun />}
          {datasets.data && datasets.data.length > 0 && (
            <DataTable
              caption={t("data.datasets")}
              cards
              columns={columns}
              rows={datasets.data}
              rowKey={(dataset) => dataset.id}
              initialSort={{ key: "name", descending: false }}
              onRowClick={(dataset) => switchTo(dataset.id, `/data/datasets/${dataset.id}`)}
            />
          )}
        </div>
      </PageBody>
    </>
  );
}

function NewDataset({ onCancel }: { onCancel: () => void }) {
  const t = useText();
  const navigate = useNavigate();
  const create = useChange(createDataset, [["datasets"]]);
  useFocusBack();
  return (
    <Card title={t("data.new_dataset")}>
      <DatasetForm
        initial={datasetValues(null)}
        steps={[]}
        submitLabel={t("data.create")}
        isPending={create.isPending}
        error={create.error}
        onCancel={onCancel}
        onSubmit={(values) =>
          create.mutate(datasetInput(values), {
            onSuccess: (dataset) => void navigate({ to: "/data/datasets/$datasetId", params: { datasetId: dataset.id }, search: (former: AppSearch) => scopeIn(former, dataset) }),
          })
        }
      />
    </Card>
  );
}

/** Where the events come from: files, the API, or both. */
function DatasetSource({ dataset: { events, sent_events: sent } }: { dataset: Dataset }) {
  const t = useText();
  return t(`data.source.${events === 0 ? "none" : sent === 0 ? "files" : sent === events ? "api" : "both"}`);
}

/** First and last day with events, in the dataset's time zone. */
export function DatasetPeriod({ dataset }: { dataset: Dataset }) {
  const t = useText();
  const format = useFormat();
  if (!dataset.first_event_at || !dataset.last_event_at) return <span className="muted">{t("data.no_events")}</span>;
  return (
    <span className="num">
      {t("data.period", { first: format.day(dayIn(dataset.first_event_at, dataset.time_zone)), last: format.day(dayIn(dataset.last_event_at, dataset.time_zone)) })}
    </span>
  );
}
