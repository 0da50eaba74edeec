import { Button } from "@mantine/core";
import { IconAlertTriangle, IconBan, IconCheck, IconClock, IconFileImport, IconTrash } from "@tabler/icons-react";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { api, type Query } from "@/api/client";
import type { Import, Page } from "@/api/types";
import { useText } from "@/messages";
import { useFormat } from "@/shared/format";
import { scopeOf } from "@/shared/search";
import { DataTable, EmptyState, ErrorState, LoadingRows, type Column } from "@/shared/ui";
import css from "./data.module.css";
import { isTaken } from "./useImport";

const STATUS_ICONS = { queued: IconClock, running: IconClock, completed: IconCheck, failed: IconAlertTriangle, cancelled: IconBan, removed: IconTrash };
const STATUS_TONES: Partial<Record<Import["status"], string>> = { queued: "busy", running: "busy", completed: "good", failed: "danger" };

/** The status of an import as icon and word. */
export function ImportStatusLabel({ item }: { item: Import }) {
  const t = useText();
  const format = useFormat();
  const Icon = STATUS_ICONS[item.status];
  return (
    <span className={css.status} data-tone={STATUS_TONES[item.status]}>
      <Icon size={16} stroke={1.7} />
      {t(`data.status.${item.check_only && item.status === "completed" ? "checked" : item.status}`, { share: format.share(item.progress_ratio) })}
    </span>
  );
}

/** Imports, newest first, with more on demand. */
export function ImportsTable({ query, hasDataset }: { query: Query; hasDataset: boolean }) {
  const t = useText();
  const format = useFormat();
  const navigate = useNavigate();
  const imports = useInfiniteQuery({
    queryKey: ["imports", "list", query],
    queryFn: ({ pageParam, signal }) => api.get<Page<Import>>("/imports", { ...query, limit: 30, cursor: pageParam }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
    refetchInterval: ({ state }) => (state.data?.pages.some((page) => page.items.some((item) => item.status === "queued" || item.status === "running")) ? 2500 : false),
  });
  // A check took nothing in; it belongs to the import, or to the other check, that followed it.
  const rows = (imports.data?.pages.flatMap((page) => page.items) ?? []).filter((item) => !item.check_only || ["queued", "running", "failed"].includes(item.status));
  const columns: Column<Import>[] = [
    {
      key: "file",
      label: t("data.column.file"),
      render: (item) => (
        <Link to="/data/imports/$importId" params={{ importId: item.id }} search={scopeOf} className={css.rowLink}>
          {item.file_name}
        </Link>
      ),
    },
    ...(hasDataset
      ? [{ key: "dataset", label: t("data.dataset"), render: (item: Import) => item.dataset_name || t("data.dataset_to_come") }]
      : []),
    { key: "status", label: t("data.column.status"), render: (item) => <ImportStatusLabel item={item} /> },
    { key: "accepted", label: t("data.column.accepted"), align: "right", render: (item) => format.number(isTaken(item) ? item.rows_accepted : 0) },
    { key: "rejected", label: t("data.column.rejected"), align: "right", render: (item) => format.number(item.rows_rejected) },
    { key: "size", label: t("data.column.size"), align: "right", render: (item) => <span style={{ whiteSpace: "nowrap" }}>{format.bytes(item.file_bytes)}</span> },
    { key: "by", label: t("data.column.by"), render: (item) => item.created_by },
    { key: "when", label: t("data.column.when"), render: (item) => <span title={format.moment(item.created_at)}>{format.ago(item.created_at)}</span> },
  ];
  if (imports.isError) return <ErrorState error={imports.error} onRetry={() => void imports.refetch()} />;
  if (imports.isPending) return <LoadingRows />;
  if (rows.length === 0) return <EmptyState icon={<IconFileImport size={22} stroke={1.7} />} title={t("data.no_imports")} text={t("data.no_imports_text")} />;
  return (
    <>
      <DataTable
        caption={t("data.imports")}
        cards
        columns={columns}
        rows={rows}
        rowKey={(item) => item.id}
        onRowClick={(item) => void navigate({ to: "/data/imports/$importId", params: { importId: item.id }, search: scopeOf })}
      />
      {imports.hasNextPage && (
        <div className={css.more}>
          <Button variant="default" loading={imports.isFetchingNextPage} onClick={() => void imports.fetchNextPage()}>
            {t("common.more")}
          </Button>
        </div>
      )}
    </>
  );
}
