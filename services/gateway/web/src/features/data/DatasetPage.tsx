import { Button, Tabs } from "@mantine/core";
import { IconRoute, IconUpload, IconX } from "@tabler/icons-react";
import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { api } from "@/api/client";
import { datasetsQuery, useChange, useDataset, useDirectlyFollows } from "@/api/hooks";
import type { Dataset, EventRow, Page } from "@/api/types";
import { useText } from "@/messages";
import { fieldLabel } from "@/shared/fields";
import { useFormat } from "@/shared/format";
import { useNotify } from "@/shared/notify";
import { usePathParam, useScopeIn, useScopeOfPage, useUrlState } from "@/shared/scope";
import { Card, DataTable, ErrorState, LinkButton, LoadingBlock, LoadingRows, NoPermission, PageBody, PageTitle, Tiles, useErrorText } from "@/shared/ui";
import { AccessTab } from "./AccessTab";
import css from "./data.module.css";
import { DatasetForm, datasetInput, datasetValues } from "./DatasetForm";
import { DatasetPeriod } from "./DatasetsPage";
import { FieldsTab } from "./FieldsTab";
import { ImportsTable } from "./ImportsTable";
import { NoEvents } from "./NoEvents";
import { QualityTab } from "./QualityTab";
import { LockedButton } from "@/shared/ui/LockedButton";
import { useUndo } from "@/shared/ui/undo";
import { useDeletedDataset } from "./useDeletedDataset";

/** Where the bar goes on its edge is shaded. */
const EDGE_PX = 28;
const TABS = ["overview", "fields", "quality", "imports", "access", "settings"] as const;
const OWN_ACTION = new Set<(typeof TABS)[number]>(["access", "settings"]);

/** Scrolls the bar, and it alone, so that a tab opened by its address is seen on a phone. */
function showInBar(tab: HTMLElement | null): void {
  const bar = tab?.parentElement;
  if (!tab || !bar) return;
  const [at, seen] = [tab.getBoundingClientRect(), bar.getBoundingClientRect()];
  bar.scrollLeft += Math.max(0, at.right + EDGE_PX - seen.right) - Math.max(0, seen.left + EDGE_PX - at.left);
}

/** One dataset: what is in it, where it came from, who may use it, its settings. */
export default function DatasetPage() {
  const t = useText();
  const datasetId = usePathParam("datasetId");
  const dataset = useDataset(datasetId);
  const scope = useScopeIn()(datasetId);
  useScopeOfPage(dataset.data);
  const [tab, setTab] = useUrlState("tab", "overview", TABS);
  const crumbs = [{ label: t("data.datasets"), to: "/data/datasets" }];
  if (!dataset.data) {
    return (
      <PageBody>
        <PageTitle title={t("data.dataset")} crumbs={crumbs} />
        {dataset.isError ? <ErrorState error={dataset.error} title={t("data.dataset_failed")} onRetry={() => void dataset.refetch()} /> : <LoadingBlock height={420} />}
      </PageBody>
    );
  }
  const { access, owner, name } = dataset.data;
  // Where the tab has a button of its own to fill, that is the one to press.
  const addVariant = OWN_ACTION.has(tab) ? "default" : "filled";
  return (
    <PageBody>
      <PageTitle
        title={name}
        crumbs={crumbs}
        lead={t(dataset.data.is_public ? "data.public_lead" : "data.private_lead", { owner })}
        actions={
          <>
            {dataset.data.events > 0 &&
              (access.can_analyse ? (
                <LinkButton variant="default" to="/explore/map" search={scope} leftSection={<IconRoute size={16} stroke={1.7} />}>
                  {t("data.open_map")}
                </LinkButton>
              ) : (
                <LockedButton reason={t("data.needs_access_analyse", { name, owner })} leftSection={<IconRoute size={16} stroke={1.7} />}>
                  {t("data.open_map")}
                </LockedButton>
              ))}
            {access.can_write ? (
              <LinkButton variant={addVariant} to="/data/imports/new" search={{ ...scope, into: "dataset" }} leftSection={<IconUpload size={16} stroke={1.7} />}>
                {t("data.add_events")}
              </LinkButton>
            ) : (
              <LockedButton reason={t("data.needs_access_write", { name, owner })} leftSection={<IconUpload size={16} stroke={1.7} />}>
                {t("data.add_events")}
              </LockedButton>
            )}
          </>
        }
      />
      {!access.can_write && <NoPermission what={name} owner={owner} />}
      <Tabs value={tab} onChange={(value) => setTab(value)} keepMounted={false} mt="sm">
        <Tabs.List mb="md" className={`sideways ${css.tabs}`}>
          {TABS.map((key) => (
            <Tabs.Tab key={key} value={key} ref={key === tab ? showInBar : undefined}>
              {t(`data.tab.${key}`)}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value="overview">
          <Overview dataset={dataset.data} />
        </Tabs.Panel>
        <Tabs.Panel value="fields">
          <FieldsTab dataset={dataset.data} />
        </Tabs.Panel>
        <Tabs.Panel value="quality">
          <QualityTab dataset={dataset.data} />
        </Tabs.Panel>
        <Tabs.Panel value="imports">
          <ImportsTable query={{ dataset_id: datasetId }} hasDataset={false} />
        </Tabs.Panel>
        <Tabs.Panel value="access">
          <AccessTab dataset={dataset.data} />
        </Tabs.Panel>
        <Tabs.Panel value="settings">
          <SettingsTab dataset={dataset.data} />
        </Tabs.Panel>
      </Tabs>
    </PageBody>
  );
}

function Overview({ dataset }: { dataset: Dataset }) {
  const t = useText();
  const format = useFormat();
  const [customer, setCustomer] = useUrlState("customer", "");
  const events = useInfiniteQuery({
    queryKey: ["datasets", dataset.id, "events", customer],
    queryFn: ({ pageParam, signal }) => api.get<Page<EventRow>>(`/datasets/${dataset.id}/events`, { limit: 20, cursor: pageParam, ...(customer && { customer_id: customer }) }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
  });
  if (dataset.events === 0) return <NoEvents dataset={dataset} />;
  return (
    <div className={css.stack}>
      <Tiles
        items={[
          { value: format.number(dataset.events), label: t("data.column.events") },
          { value: format.number(dataset.customers), label: t("data.column.customers") },
          { value: format.number(dataset.activities), label: t("data.steps") },
        ]}
      />
      <Card title={t("data.facts")}>
        <p style={{ marginTop: 0 }}>
          <DatasetPeriod dataset={dataset} /> <span className="muted">{t("data.zone_note", { zone: dataset.time_zone })}</span>
        </p>
        {dataset.fields.length === 0 ? (
          <p className="muted">{t("data.fields_none")}</p>
        ) : (
          <ul className={css.fieldsList} aria-label={t("data.fields")}>
            {dataset.fields.map((field) => (
              <li key={field}>{fieldLabel(t, field)}</li>
            ))}
          </ul>
        )}
      </Card>
      <div className={css.sectionHead}>
        <h2 className={css.section}>{customer ? t("data.events_of", { customer }) : t("data.newest")}</h2>
        {customer && (
          <Button variant="subtle" size="compact-sm" leftSection={<IconX size={14} stroke={2} />} onClick={() => setCustomer(null)}>
            {t("data.all_events")}
          </Button>
        )}
      </div>
      {events.isError && <ErrorState error={events.error} onRetry={() => void events.refetch()} />}
      {events.isPending && <LoadingRows />}
      {events.data && (
        <DataTable
          caption={customer ? t("data.events_of", { customer }) : t("data.newest")}
          cards
          rows={events.data.pages.flatMap((page) => page.items)}
          rowKey={(event) => event.event_id}
          columns={[
            { key: "customer", label: t("common.field.customer_id"), render: (event) => event.customer_id },
            { key: "step", label: t("common.field.action_type"), render: (event) => event.action_type },
            { key: "time", label: t("common.field.time"), render: (event) => <span className="num">{format.moment(event.time, dataset.time_zone)}</span> },
            { key: "rest", label: t("data.column.fields"), render: (event) => <EventFields event={event} /> },
          ]}
        />
      )}
      {events.hasNextPage && (
        <div className={css.more}>
          <Button variant="default" loading={events.isFetchingNextPage} onClick={() => void events.fetchNextPage()}>
            {t("common.more")}
          </Button>
        </div>
      )}
    </div>
  );
}

function EventFields({ event }: { event: EventRow }) {
  const t = useText();
  const named = Object.entries(event.fields).filter(([, value]) => value !== null && value !== "");
  const own = Object.entries(event.properties);
  return (
    <span className="small muted">
      {named.map(([field, value]) => t("data.pair", { name: fieldLabel(t, field), value: String(value) })).join(" · ")}
      {own.length > 0 && named.length > 0 && " · "}
      {own.map(([name, value]) => t("data.pair", { name, value: typeof value === "string" ? value : JSON.stringify(value) })).join(" · ")}
    </span>
  );
}

/** What differs: the rest may have been changed by others meanwhile. */
function changed<Values extends object>(before: Values, now: Values): Partial<Values> {
  const keys = Object.keys(now) as (keyof Values)[];
  return Object.fromEntries(keys.filter((key) => now[key] !== before[key]).map((key) => [key, now[key]])) as Partial<Values>;
}

function SettingsTab({ dataset }: { dataset: Dataset }) {
  const t = useText();
  const navigate = useNavigate();
  const client = useQueryClient();
  const notify = useNotify();
  const errorText = useErrorText();
  const offerUndo = useUndo();
  const isFixed = !dataset.access.can_manage;
  const graph = useDirectlyFollows(dataset.id, { f: [] }, dataset.access.can_analyse && dataset.events > 0);
  const known = graph.data?.all_activities.map((step) => step.activity) ?? [];
  const steps = dataset.goal_activity && !known.includes(dataset.goal_activity) ? [dataset.goal_activity, ...known] : known;
  const initial = datasetValues(dataset);
  const save = useChange((change: Partial<ReturnType<typeof datasetInput>>) => api.patch<Dataset>(`/datasets/${dataset.id}`, change), [["datasets"]]);
  const { restore } = useDeletedDataset(dataset.id);

  async function remove() {
    const tell = (error: unknown) => void notify(errorText(error), { color: "red" });
    try {
      await api.delete(`/datasets/${dataset.id}`);
    } catch (error) {
      tell(error);
      return;
    }
    // Gone from the list before the page is left, so that the scope does not fall back to it.
    await client.cancelQueries(datasetsQuery);
    client.setQueryData<Dataset[]>(datasetsQuery.queryKey, (former) => former?.filter(({ id }) => id !== dataset.id));
    await navigate({ to: "/data/datasets", search: {} });
    client.removeQueries({ queryKey: ["datasets", dataset.id] });
    offerUndo(t("data.deleted", { name: dataset.name }), () => void restore.mutateAsync(undefined).catch(tell));
    await client.invalidateQueries();
  }

  return (
    <div className={css.stack}>
      {/* Above the tabs it stands for those who may not add events either. */}
      {isFixed && dataset.access.can_write && <NoPermission what={dataset.name} owner={dataset.owner} />}
      <Card title={t("data.settings")}>
        <DatasetForm
          initial={initial}
          steps={steps}
          lacksSessionIds={dataset.events > 0 && !dataset.fields.includes("session_id")}
          submitLabel={t("data.save")}
          isPending={save.isPending}
          isDisabled={isFixed}
          error={save.error}
          onSubmit={(values) => save.mutate(changed(datasetInput(initial), datasetInput(values)))}
        />
        <p role="status" className="small muted" style={{ margin: "12px 0 0" }}>
          {save.isSuccess && t("data.saved")}
        </p>
      </Card>
      <Card title={t("data.delete")}>
        <p className="muted" style={{ marginTop: 0 }}>
          {t("data.delete_text", { owner: dataset.owner })}
        </p>
        <Button variant="default" c="var(--danger)" disabled={isFixed} onClick={() => void remove()}>
          {t("data.delete")}
        </Button>
      </Card>
    </div>
  );
}
