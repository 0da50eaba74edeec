import { Button, Select } from "@mantine/core";
import { IconAlertTriangle, IconCheck, IconClock, IconHistory, IconLoader2, IconMinus, IconX } from "@tabler/icons-react";
import { useInfiniteQuery, useMutation, useQueryClient, type InfiniteData } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { api, type Query } from "@/api/client";
import { useDatasets, useMe, usePeople } from "@/api/hooks";
import type { Analysis, AnalysisKind, JournalEntry, Page } from "@/api/types";
import { isTaken } from "@/features/data/useImport";
import { useText, type Translate } from "@/messages";
import { frozenLink, hasResult, useAnalysisLink } from "@/shared/analysisLink";
import { useScopeWords } from "@/shared/filters";
import { useFormat } from "@/shared/format";
import { useNotify } from "@/shared/notify";
import { useScopeIn, useUrlState } from "@/shared/scope";
import { scopeOf, scopeOfAnalysis } from "@/shared/search";
import { DataTable, EmptyState, ErrorState, LoadingRows, Note, PageBody, PageTitle, useErrorText, type Column } from "@/shared/ui";
import { LinkButton } from "@/shared/ui/LinkButton";
import { useUndo } from "@/shared/ui/undo";
import { isRunning, joined, secondsTaken, type Entry, type Listed, type Sources } from "./entries";
import css from "./history.module.css";
import { JournalActions, journalName, JournalScope } from "./journal";

const KINDS: AnalysisKind[] = ["directly_follows", "heuristics_net", "inductive_tree", "inductive_petri", "heuristics_petri", "alpha", "dfg_petri"];
const WHATS = ["all", "import", ...KINDS, "exported", "fixed", "deleted"] as const;
/** What the journal adds to a choice; all of it where none is named. */
const OF_JOURNAL: Partial<Record<(typeof WHATS)[number], JournalEntry["kind"][]>> = { all: [], exported: ["exported"], fixed: ["fixed"], deleted: ["deleted", "restored", "erased"] };
const PATHS: Record<keyof Sources, string> = { analysis: "/analyses", import: "/imports", journal: "/journal" };
const ROWS_PER_PAGE = 50;
const WHILE_RUNNING_MS = 3000;
const LIST_ID = "history-list";
const HISTORY_OF_ANALYSES = ["analyses", "history"];
const idOfName = (id: string): string => `history-${id}`;

/** A list read page by page; read again while something in it is running. */
function useList<Kind extends keyof Sources>(kind: Kind, query: Query, enabled: boolean) {
  const path = PATHS[kind];
  const found = useInfiniteQuery({
    queryKey: [path.slice(1), "history", query],
    queryFn: ({ pageParam, signal }) => api.get<Page<Sources[Kind]>>(path, { ...query, limit: ROWS_PER_PAGE, cursor: pageParam }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
    enabled,
    refetchInterval: ({ state }) => (state.data?.pages.some((page) => page.items.some(isRunning)) ? WHILE_RUNNING_MS : false),
    // It tells what was done on other pages, and by other people.
    staleTime: 0,
  });
  const entries = found.data?.pages.flatMap((page) => page.items.map((source) => ({ kind, source, id: source.id, createdAt: source.created_at }) as Entry)) ?? [];
  const listed: Listed = { entries, hasMore: found.hasNextPage };
  return { ...found, listed };
}

/** History: analyses and imports with their settings, and what the journal tells, newest first. */
export default function HistoryPage() {
  const t = useText();
  const known = useDatasets().data;
  const datasets = known ?? [];
  const [what, setWhat] = useUrlState("show", "all", WHATS);
  const [only, setOnly] = useUrlState("only", "", known?.map(({ id }) => id));
  const ofDataset = { dataset_id: only };
  const isDeleted = what === "deleted";
  const isKind = KINDS.some((kind) => kind === what);
  const ofJournal = OF_JOURNAL[what];
  const lists = [
    useList("analysis", { ...ofDataset, ...(isKind && { kind: what }), ...(isDeleted && { deleted: true }) }, what === "all" || isKind || isDeleted),
    useList("import", { ...ofDataset, with_deleted_datasets: true }, what === "all" || what === "import"),
    useList("journal", { ...ofDataset, kind: ofJournal }, ofJournal !== undefined),
  ].filter(({ isEnabled }) => isEnabled);
  const entries = joined(...lists.map(({ listed }) => listed));
  const columns = useColumns(entries);
  const failed = lists.find((one) => one.isError);
  const isLoading = lists.some((one) => one.isPending);
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
          data={WHATS.map((one) => ({ value: one, label: t(KINDS.some((kind) => kind === one) ? `common.analysis.${one}` : `history.what.${one}`) }))}
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
        {isDeleted && entries.length > 0 && (
          <div className={css.kept}>
            <Note>{t("history.deleted_note")}</Note>
          </div>
        )}
        {failed && <ErrorState error={failed.error} onRetry={() => void failed.refetch()} />}
        {!failed && isLoading && <LoadingRows rows={8} height={32} />}
        {!failed && lists.every((one) => one.isSuccess) && entries.length === 0 && (
          <NothingYet isDeleted={isDeleted} isFiltered={isFiltered} onShowAll={() => (setWhat(null), setOnly(null))} />
        )}
        {!failed && !isLoading && entries.length > 0 && <DataTable caption={t("history.title")} columns={columns} rows={entries} rowKey={(entry) => entry.id} cards maxHeight={4000} />}
      </div>
      {!failed && !isLoading && entries.length > 0 && (
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
/** Deletes and restores analyses: the line vanishes at once and comes back when that fails. */
function useDeletion() {
  const t = useText();
  const errorText = useErrorText();
  const notify = useNotify();
  const offerUndo = useUndo();
  const client = useQueryClient();
  const { mutate, mutateAsync } = useMutation({
    mutationFn: ({ id, isDelete }: { id: string; isDelete: boolean }) => (isDelete ? api.delete(`/analyses/${id}`) : api.post(`/analyses/${id}/restore`)),
    onMutate: async ({ id }) => {
      await client.cancelQueries({ queryKey: HISTORY_OF_ANALYSES });
      client.setQueriesData<InfiniteData<Page<Analysis>>>({ queryKey: HISTORY_OF_ANALYSES }, (list) => list && { ...list, pages: list.pages.map((page) => ({ ...page, items: page.items.filter((item) => item.id !== id) })) });
    },
    onError: (error) => notify(errorText(error), { color: "red" }),
    onSettled: () => client.invalidateQueries({ queryKey: ["analyses"] }),
  });
  return {
    remove: async (id: string, named: { what: string; dataset: string }) => {
      await mutateAsync({ id, isDelete: true });
      offerUndo(t("history.deleted", named), () => mutate({ id, isDelete: false }));
    },
    restore: async (id: string, named: { what: string; dataset: string }) => {
      await mutateAsync({ id, isDelete: false });
      notify(t("history.restored", named));
    },
  };
}

function useColumns(entries: Entry[]): Column<Entry>[] {
  const t = useText();
  const format = useFormat();
  const datasets = useDatasets().data;
  const me = useMe().data?.user;
  const people = usePeople().data ?? [];
  const { remove, restore } = useDeletion();
  const datasetOf = ({ source }: Entry) => datasets?.find(({ id }) => id === source.dataset_id);
  const isGone = (entry: Entry) => datasets !== undefined && entry.source.dataset_id !== null && !datasetOf(entry);
  // The name of then, where it is not there any more; what never had one has an empty cell.
  const datasetName = (entry: Entry) => datasetOf(entry)?.name ?? entry.source.dataset_name;
  const who = ({ kind, source }: Entry) =>
    source.created_by_id === me?.id ? t("history.you") : kind === "analysis" ? (people.find(({ id }) => id === source.created_by_id)?.username ?? t("common.not_set")) : source.created_by;

  function act(entry: Entry, change: typeof remove) {
    // The line vanishes now, and the focus must not vanish with it.
    const position = entries.indexOf(entry);
    const next = entries[position + 1] ?? entries[position - 1];
    document.getElementById(next ? idOfName(next.id) : LIST_ID)?.focus();
    // A failure is told where the others are, and brings the line back.
    change(entry.id, { what: nameOf(entry, t), dataset: datasetName(entry) }).catch(() => undefined);
  }

  return [
    { key: "what", label: t("history.column_what"), render: (entry) => <Name entry={entry} /> },
    { key: "dataset", label: t("history.column_dataset"), render: (entry) => datasetName(entry) && <DatasetName name={datasetName(entry)} isGone={isGone(entry)} /> },
    { key: "scope", label: t("history.column_scope"), render: (entry) => <Scope entry={entry} /> },
    { key: "who", label: t("history.column_who"), render: who },
    {
      key: "when",
      label: t("history.column_when"),
      render: (entry) => {
        const seconds = secondsTaken(entry);
        return (
          <span>
            <span className={`num ${css.moment}`}>{format.moment(entry.createdAt)}</span>
            {seconds !== null && <span className={css.note}>{seconds < 1 ? t("history.took_instant") : t("history.took", { duration: format.duration(seconds) })}</span>}
            {entry.kind === "analysis" && entry.source.deleted_at && <span className={css.note}>{t("history.deleted_ago", { ago: format.ago(entry.source.deleted_at) })}</span>}
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
        if (entry.kind === "journal") return <JournalActions source={entry.source} named={named} isGone={isGone(entry)} nameId={idOfName(entry.id)} />;
        return (
          <span className={css.actions}>
            {entry.source.kind === "directly_follows" && !entry.source.deleted_at && !isGone(entry) && (
              <Link to="/explore/map" search={scopeOfAnalysis(entry.source)} className={css.open} aria-label={t("history.open_map_of", named)}>
                {t("history.open_map")}
              </Link>
            )}
            {isGone(entry) && hasResult(entry.source) && !entry.source.deleted_at && (
              <Link {...frozenLink(entry.id)} className={css.open} aria-label={t("history.open_of", named)}>
                {t("history.open")}
              </Link>
            )}
            {entry.source.deleted_at ? (
              <Button variant="default" size="compact-sm" aria-label={t("history.restore_of", named)} onClick={() => act(entry, restore)}>
                {t("history.restore")}
              </Button>
            ) : (
              entry.source.created_by_id === me?.id &&
              !isRunning(entry.source) && (
                <Button variant="subtle" size="compact-sm" className={css.delete} aria-label={t("history.delete_of", named)} onClick={() => act(entry, remove)}>
                  {t("history.delete")}
                </Button>
              )
            )}
          </span>
        );
      },
    },
  ];
}

function NothingYet({ isDeleted, isFiltered, onShowAll }: { isDeleted: boolean; isFiltered: boolean; onShowAll: () => void }) {
  const t = useText();
  const icon = <IconHistory size={22} stroke={1.7} />;
  if (isDeleted) {
    return (
      <EmptyState icon={icon} title={t("history.empty_deleted")} text={t("history.empty_deleted_text")}>
        <Button variant="default" onClick={onShowAll}>
          {t("history.show_all")}
        </Button>
      </EmptyState>
    );
  }
  if (isFiltered) {
    return (
      <EmptyState icon={icon} title={t("history.empty_filtered")} text={t("history.empty_filtered_text")}>
        <Button variant="default" onClick={onShowAll}>
          {t("history.show_all")}
        </Button>
      </EmptyState>
    );
  }
  return (
    <EmptyState icon={icon} title={t("history.empty")} text={t("history.empty_text")}>
      <LinkButton to="/data/imports/new" search={scopeOf}>
        {t("history.new_import")}
      </LinkButton>
      <LinkButton variant="default" to="/explore/models" search={scopeOf}>
        {t("history.start_analysis")}
      </LinkButton>
    </EmptyState>
  );
}

function DatasetName({ name, isGone }: { name: string; isGone: boolean }) {
  const t = useText();
  return (
    <span className={css.dataset}>
      {name}
      {isGone && <span className={css.note}>{t("history.dataset_gone")}</span>}
    </span>
  );
}

/** Leads to where the entry can be looked at; what is deleted, and what the journal tells, has no such place. */
function Name({ entry }: { entry: Entry }) {
  const t = useText();
  const scopeWithin = useScopeIn();
  const analysisLink = useAnalysisLink();
  if (entry.kind === "import") {
    return (
      <Link id={idOfName(entry.id)} to="/data/imports/$importId" params={{ importId: entry.id }} search={scopeWithin(entry.source.dataset_id)} className={css.name}>
        {nameOf(entry, t)}
      </Link>
    );
  }
  const link = entry.kind === "journal" || entry.source.deleted_at ? null : analysisLink(entry.source);
  if (!link) {
    return (
      <b id={idOfName(entry.id)} tabIndex={-1}>
        {nameOf(entry, t)}
      </b>
    );
  }
  return (
    <Link id={idOfName(entry.id)} {...link} className={css.name}>
      {nameOf(entry, t)}
    </Link>
  );
}

function Scope({ entry }: { entry: Entry }) {
  const t = useText();
  const scopeWords = useScopeWords();
  if (entry.kind === "import") return t(isTaken(entry.source) ? "history.rows" : "history.rows_fine", { accepted: entry.source.rows_accepted, read: entry.source.rows_read });
  if (entry.kind === "journal") return <JournalScope source={entry.source} />;
  const { events, cases } = entry.source;
  return (
    <span>
      {scopeWords(entry.source).join(" · ")}
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

function Status({ entry: { kind, source } }: { entry: Entry }) {
  const t = useText();
  const format = useFormat();
  // The journal tells only of what is done.
  const [status, ratio] = kind === "journal" ? (["completed", 1] as const) : ([source.status, source.progress_ratio] as const);
  const { tone, Icon } = STATUS[status];
  return (
    <span>
      <span className={css.status} data-tone={tone}>
        <Icon size={16} stroke={1.7} />
        {t(`history.status.${status}`, { share: format.share(ratio) })}
      </span>
      {kind !== "journal" && source.error && <span className={css.why}>{source.error.detail}</span>}
      {kind === "journal" && source.restorable_until && <span className={css.note}>{t(source.can_restore ? "history.restorable_until" : "history.restorable_until_by_others", { day: format.day(source.restorable_until) })}</span>}
    </span>
  );
}

function nameOf({ kind, source }: Entry, t: Translate): string {
  if (kind === "analysis") return t(`common.analysis.${source.kind}`);
  if (kind === "journal") return journalName(source, t);
  return t(source.check_only ? "history.check" : "history.import", { file: source.file_name });
}
