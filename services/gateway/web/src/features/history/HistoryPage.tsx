import { Button, Select } from "@mantine/core";
import { IconAlertTriangle, IconCheck, IconClock, IconHistory, IconLoader2, IconMinus, IconX } from "@tabler/icons-react";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { api, type Query } from "@/api/client";
import { allItems, useChange, useDatasets, useMe } from "@/api/hooks";
import type { Analysis, AnalysisKind, Import, Page, User } from "@/api/types";
import { useText, type Translate } from "@/messages";
import { useTermText } from "@/shared/filters";
import { useFormat, type Formatters } from "@/shared/format";
import { useNotify } from "@/shared/notify";
import { useUrlState } from "@/shared/scope";
import { scopeOf, type AppSearch } from "@/shared/search";
import { DataTable, EmptyState, ErrorState, LoadingRows, PageBody, PageTitle, type Column } from "@/shared/ui";
import { ConfirmButton } from "@/shared/ui/ConfirmButton";
import { LinkButton } from "@/shared/ui/LinkButton";
import { isRunning, joined, secondsTaken, type Entry, type Listed } from "./entries";
import css from "./history.module.css";

const KINDS: AnalysisKind[] = ["directly_follows", "heuristics_net", "inductive_tree", "inductive_petri", "heuristics_petri", "alpha", "dfg_petri"];
const KNOWN_PARAMETERS = new Set(["dependency_threshold", "and_threshold", "loop_two_threshold", "noise_threshold"]);
const ROWS_PER_PAGE = 50;
const WHILE_RUNNING_MS = 3000;
const LIST_ID = "history-list";

/** A list read page by page; read again while something in it is running. */
function useList<Item extends { status: string }>(path: string, query: Query, enabled: boolean) {
  const found = useInfiniteQuery({
    queryKey: [path.slice(1), "history", query],
    queryFn: ({ pageParam, signal }) => api.get<Page<Item>>(path, { ...query, limit: ROWS_PER_PAGE, cursor: pageParam }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
    enabled,
    refetchInterval: ({ state }) => (state.data?.pages.some((page) => page.items.some(({ status }) => status === "queued" || status === "running")) ? WHILE_RUNNING_MS : false),
  });
  const listed: Listed<Item> = enabled ? { items: found.data?.pages.flatMap((page) => page.items) ?? [], hasMore: found.hasNextPage } : { items: [], hasMore: false };
  return { ...found, listed };
}

/** History: analyses and imports with their settings, newest first. */
export default function HistoryPage() {
  const t = useText();
  const datasets = useDatasets().data ?? [];
  const [what, setWhat] = useUrlState("show", "all");
  const [only, setOnly] = useUrlState("only", "");
  const ofDataset = { dataset_id: only };
  const isKind = what !== "all" && what !== "import";
  const analyses = useList<Analysis>("/analyses", isKind ? { ...ofDataset, kind: what } : ofDataset, what !== "import");
  const imports = useList<Import>("/imports", ofDataset, !isKind);
  const lists = [...(what === "import" ? [] : [analyses]), ...(isKind ? [] : [imports])];
  const entries = joined(analyses.listed, imports.listed);
  const columns = useColumns();
  const failed = lists.find((one) => one.isError);
  const isFiltered = what !== "all" || only !== "";

  function readOn() {
    for (const one of lists) if (one.hasNextPage && !one.isFetchingNextPage) void one.fetchNextPage();
  }

  return (
    <PageBody>
      <PageTitle title={t("history.title")} lead={t("history.lead")} />
      <div className={css.filters}>
        <Select
          label={t("history.what")}
          value={what}
          onChange={setWhat}
          allowDeselect={false}
          w={220}
          data={[
            { value: "all", label: t("history.what.all") },
            { value: "import", label: t("history.what.import") },
            ...KINDS.map((kind) => ({ value: kind, label: t(`common.analysis.${kind}`) })),
          ]}
        />
        <Select
          label={t("history.dataset")}
          value={only}
          onChange={setOnly}
          allowDeselect={false}
          searchable
          w={240}
          data={[{ value: "", label: t("history.all_datasets") }, ...datasets.map(({ id, name }) => ({ value: id, label: name }))]}
        />
      </div>
      <div id={LIST_ID} tabIndex={-1}>
        {failed && <ErrorState error={failed.error} onRetry={() => void failed.refetch()} />}
        {!failed && lists.some((one) => one.isPending) && <LoadingRows rows={8} height={32} />}
        {!failed && lists.every((one) => one.isSuccess) && entries.length === 0 && (
          <NothingYet isFiltered={isFiltered} onShowAll={() => (setWhat(null), setOnly(null))} />
        )}
        {!failed && entries.length > 0 && <DataTable caption={t("history.title")} columns={columns} rows={entries} rowKey={(entry) => entry.id} cards maxHeight={4000} />}
      </div>
      {!failed && entries.length > 0 && (
        <div className={css.more}>
          <span aria-live="polite">{t("history.shown", { count: entries.length })}</span>
          {lists.some((one) => one.hasNextPage) && (
            <Button variant="default" onClick={readOn} loading={lists.some((one) => one.isFetchingNextPage)}>
              {t("history.more")}
            </Button>
          )}
        </div>
      )}
    </PageBody>
  );
}
function useColumns(): Column<Entry>[] {
  const t = useText();
  const format = useFormat();
  const datasets = useDatasets().data ?? [];
  const me = useMe().data?.user;
  const people = useQuery({ queryKey: ["users"], queryFn: ({ signal }) => allItems<User>("/users", {}, signal) }).data ?? [];
  const termText = useTermText();
  const notify = useNotify();
  const remove = useChange((entry: Entry) => api.delete(`/analyses/${entry.id}`), [["analyses"]]);
  const datasetName = ({ kind, source }: Entry) =>
    datasets.find(({ id }) => id === source.dataset_id)?.name ?? (kind === "analysis" ? source.dataset_name : t("common.not_set"));
  const who = ({ kind, source }: Entry) =>
    source.created_by_id === me?.id ? t("history.you") : kind === "import" ? source.created_by : (people.find(({ id }) => id === source.created_by_id)?.username ?? t("common.not_set"));

  async function deleteEntry(entry: Entry) {
    await remove.mutateAsync(entry);
    notify(t("history.deleted", { what: nameOf(entry, t), dataset: datasetName(entry) }));
    document.getElementById(LIST_ID)?.focus();
  }

  return [
    { key: "what", label: t("history.column_what"), render: (entry) => <Name entry={entry} /> },
    { key: "dataset", label: t("history.column_dataset"), render: (entry) => <span className={css.dataset}>{datasetName(entry)}</span> },
    { key: "scope", label: t("history.column_scope"), render: (entry) => <Scope entry={entry} termText={termText} /> },
    { key: "who", label: t("history.column_who"), render: who },
    {
      key: "when",
      label: t("history.column_when"),
      render: (entry) => {
        const seconds = secondsTaken(entry);
        return (
          <span>
            <span className="num">{format.moment(entry.createdAt)}</span>
            {seconds !== null && <span className={css.note}>{seconds < 1 ? t("history.took_instant") : t("history.took", { duration: format.duration(seconds) })}</span>}
          </span>
        );
      },
    },
    { key: "status", label: t("history.column_status"), render: (entry) => <Status entry={entry} /> },
    {
      key: "actions",
      label: t("history.column_actions"),
      align: "right",
      render: (entry) => {
        if (entry.kind === "import") return null;
        const named = { what: nameOf(entry, t), when: format.moment(entry.createdAt) };
        return (
          <span className={css.actions}>
            {entry.source.kind === "directly_follows" && (
              <Link to="/explore/map" search={scopeOfAnalysis(entry.source)} className={css.open} aria-label={t("history.open_map_of", named)}>
                {t("history.open_map")}
              </Link>
            )}
            {entry.source.created_by_id === me?.id && !isRunning(entry) && (
              <ConfirmButton
                compact
                label={t("history.delete")}
                ariaLabel={t("history.delete_of", named)}
                question={t("history.delete_question", { what: named.what, dataset: datasetName(entry) })}
                action={t("history.delete_action")}
                onConfirm={() => deleteEntry(entry)}
              />
            )}
          </span>
        );
      },
    },
  ];
}

function NothingYet({ isFiltered, onShowAll }: { isFiltered: boolean; onShowAll: () => void }) {
  const t = useText();
  const icon = <IconHistory size={22} stroke={1.7} />;
  if (isFiltered) {
    return (
      <EmptyState icon={icon} title={t("history.empty_filtered")} text={t("history.empty_filtered_text")}>
        <Button variant="default" onClick={onShowAll}>
          {t("history.show_all")}
        </Button>
      </EmptyState>
    );
  }
  const keepScope = (former: AppSearch): AppSearch => scopeOf(former);
  return (
    <EmptyState icon={icon} title={t("history.empty")} text={t("history.empty_text")}>
      <LinkButton to="/data/imports/new" search={keepScope}>
        {t("history.new_import")}
      </LinkButton>
      <LinkButton variant="default" to="/explore/models" search={keepScope}>
        {t("history.start_analysis")}
      </LinkButton>
    </EmptyState>
  );
}

/** Leads to the same address that showed the entry when it was made. */
function Name({ entry }: { entry: Entry }) {
  const t = useText();
  if (entry.kind === "import") {
    return (
      <Link to="/data/imports/$importId" params={{ importId: entry.id }} search={{ dataset: entry.source.dataset_id }} className={css.name}>
        {nameOf(entry, t)}
      </Link>
    );
  }
  return (
    <Link to="/explore/models" search={{ ...scopeOfAnalysis(entry.source), analysis: entry.id }} className={css.name}>
      {nameOf(entry, t)}
    </Link>
  );
}

function Scope({ entry, termText }: { entry: Entry; termText: ReturnType<typeof useTermText> }) {
  const t = useText();
  const format = useFormat();
  if (entry.kind === "import") return t("history.rows", { accepted: entry.source.rows_accepted, read: entry.source.rows_read });
  const { from, to, filter, parameters, events, cases, session_gap_minutes: minutes } = entry.source;
  const journeys = entry.source.case === "session" && minutes ? "session_gap" : entry.source.case;
  const settings = [
    periodText(from, to, t, format),
    t(`history.journeys.${journeys}`, { minutes }),
    ...filter.map((term) => termText(term).whole),
    ...Object.entries(parameters).map(([name, value]) => t(`history.parameter.${KNOWN_PARAMETERS.has(name) ? name : "other"}`, { name, value })),
  ];
  return (
    <span>
      {settings.join(" · ")}
      {events > 0 && <span className={css.note}>{t("history.basis", { events, cases })}</span>}
    </span>
  );
}

const STATUS = {
  queued: { tone: "quiet", Icon: IconClock },
  running: { tone: "quiet", Icon: IconLoader2 },
  succeeded: { tone: "good", Icon: IconCheck },
  completed: { tone: "good", Icon: IconCheck },
  partial: { tone: "warn", Icon: IconAlertTriangle },
  failed: { tone: "danger", Icon: IconX },
  cancelled: { tone: "quiet", Icon: IconMinus },
  removed: { tone: "quiet", Icon: IconMinus },
} as const;

function Status({ entry: { source } }: { entry: Entry }) {
  const t = useText();
  const format = useFormat();
  const { tone, Icon } = STATUS[source.status];
  return (
    <span>
      <span className={css.status} data-tone={tone}>
        <Icon size={16} stroke={1.7} />
        {t(`history.status.${source.status}`, { share: format.share(source.progress_ratio) })}
      </span>
      {source.error && <span className={css.why}>{source.error.detail}</span>}
    </span>
  );
}

function nameOf({ kind, source }: Entry, t: Translate): string {
  if (kind === "analysis") return t(`common.analysis.${source.kind}`);
  return t(source.check_only ? "history.check" : "history.import", { file: source.file_name });
}

function periodText(from: string | null, to: string | null, t: Translate, format: Formatters): string {
  if (from && to) return t("history.scope_range", { from: format.day(from), to: format.day(to) });
  if (from) return t("history.scope_from", { from: format.day(from) });
  if (to) return t("history.scope_to", { to: format.day(to) });
  return t("history.scope_all");
}

function scopeOfAnalysis({ dataset_id, from, to, filter }: Analysis): AppSearch {
  return scopeOf({ dataset: dataset_id, ...(from && { from }), ...(to && { to }), f: filter });
}
