import { Button, Progress } from "@mantine/core";
import { IconLock, IconRoute } from "@tabler/icons-react";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { api } from "@/api/client";
import { useChange, useDataset } from "@/api/hooks";
import type { Import, Page, RowError } from "@/api/types";
import { T, useText } from "@/messages";
import { fieldLabel } from "@/shared/fields";
import { useFormat } from "@/shared/format";
import { useNotify } from "@/shared/notify";
import { usePathParam, useScopeIn, useScopeOfPage } from "@/shared/scope";
import { scopeOf } from "@/shared/search";
import { Card, DataTable, ErrorState, LinkButton, LoadingBlock, Note, PageBody, PageTitle, Tiles } from "@/shared/ui";
import css from "./data.module.css";
import { Findings } from "./Findings";
import { ImportStatusLabel } from "./ImportsTable";
import { TypedConfirm } from "./TypedConfirm";
import { isTaken, useImport } from "./useImport";

/** One import: progress, what came of it, rejected rows, removal. */
export default function ImportPage() {
  const t = useText();
  const format = useFormat();
  const navigate = useNavigate();
  const importId = usePathParam("importId");
  const scopeWithin = useScopeIn();
  const query = useImport(importId);
  const item = query.data;
  const { data: dataset, isPending: isDatasetPending } = useDataset(item?.dataset_id ?? null);
  useScopeOfPage(dataset);
  const notify = useNotify();
  const [isRemoving, setRemoving] = useState(false);
  const remove = useChange(() => api.delete(`/imports/${importId}`), [["imports"], ["datasets"]]);
  const crumbs = [{ label: t("data.imports"), to: "/data/imports" }];
  if (!item || (item.dataset_id && isDatasetPending)) {
    return (
      <PageBody>
        <PageTitle title={t("data.import")} crumbs={crumbs} />
        {query.isError ? <ErrorState error={query.error} title={t("data.import_failed")} onRetry={() => void query.refetch()} /> : <LoadingBlock height={420} />}
      </PageBody>
    );
  }
  const isRunning = item.status === "queued" || item.status === "running";
  const isIn = item.status === "completed" && !item.check_only;
  const canWrite = dataset?.access.can_write ?? false;
  const isLocked = dataset !== undefined && !dataset.access.can_analyse;
  const rowsStored = item.rows_accepted - item.rows_duplicate;
  const isGone = item.dataset_id !== null && !dataset;
  return (
    <PageBody>
      <PageTitle
        title={item.file_name}
        crumbs={crumbs}
        lead={<T id={item.dataset_id === null ? "data.check_lead" : "data.import_lead"} values={{ by: item.created_by, when: format.moment(item.created_at), dataset: item.dataset_name, size: format.bytes(item.file_bytes) }} />}
        actions={
          <>
            {(isIn || isRunning) && canWrite && (
              <Button variant="default" c="var(--danger)" loading={remove.isPending} onClick={() => (isRunning ? remove.mutate(undefined) : setRemoving(true))}>
                {t(isRunning ? "data.cancel_import" : "data.remove_import")}
              </Button>
            )}
            {isIn && dataset && !isLocked && (
              <LinkButton to="/explore/map" search={scopeWithin(dataset.id)} leftSection={<IconRoute size={16} stroke={1.7} />}>
                {t("data.open_map")}
              </LinkButton>
            )}
          </>
        }
      />
      <div className={css.stack}>
        {remove.error && !isRemoving && <ErrorState error={remove.error} />}
        {isRunning && <ImportProgress item={item} />}
        {isGone && <Note>{t("data.import_of_deleted")}</Note>}
        {item.error && <Note tone="danger">{item.error.detail}</Note>}
        {item.replaces_dataset && (isRunning || isIn) && <Note>{t(isIn ? "data.replaced_text" : "data.replacing_text")}</Note>}
        {item.status === "removed" && <Note>{t("data.removed_text")}</Note>}
        {item.status === "cancelled" && <Note>{t("data.cancelled_text")}</Note>}
        {item.check_only && item.status === "completed" && <Note>{t("data.checked_text")}</Note>}
        <Tiles
          items={[
            { value: <ImportStatusLabel item={item} />, label: t("data.column.status") },
            { value: format.number(item.rows_read), label: t("data.rows_read") },
            { value: format.number(item.rows_accepted), label: t(isTaken(item) ? "data.column.accepted" : "data.rows_fine") },
            { value: format.number(item.rows_rejected), label: t("data.column.rejected") },
            { value: format.number(item.rows_duplicate), label: t("data.rows_duplicate") },
          ]}
        />
        {isLocked && <Note icon={<IconLock size={16} stroke={1.7} />}>{t("data.needs_access_analyse", { name: dataset.name, owner: dataset.owner })}</Note>}
        <Findings item={item} isLocked={isLocked} />
        {item.rows_rejected > 0 && !isRunning && !isGone && !isLocked && <RejectedRows item={item} />}
        <Card title={t("data.mapping")}>
          <DataTable
            caption={t("data.mapping")}
            rows={item.mapping.columns}
            rowKey={(column) => column.field}
            columns={[
              { key: "column", label: t("data.column.column"), render: (column) => column.column },
              { key: "field", label: t("data.column.field"), render: (column) => fieldLabel(t, column.field) },
            ]}
          />
          {item.mapping.step_rules.length > 0 && (
            <div style={{ marginTop: 12 }}>
              <DataTable
                caption={t("data.step_names")}
                rows={item.mapping.step_rules}
                rowKey={(rule) => rule.pattern}
                columns={[
                  { key: "pattern", label: t("data.column.step_pattern"), render: (rule) => rule.pattern },
                  { key: "name", label: t("data.column.step_name"), render: (rule) => rule.name },
                ]}
              />
            </div>
          )}
          <p className="small muted" style={{ marginBottom: 0 }}>
            {t("data.mapping_zone", { zone: item.mapping.timezone })}
          </p>
        </Card>
      </div>
      {isRemoving && (
        <TypedConfirm
          title={t("data.remove_title")}
          text={
            <>
              <T id="data.remove_text" values={{ rows: rowsStored, dataset: item.dataset_name }} />
              {item.mapping.columns.some(({ field }) => field === "event_id") && ` ${t("data.remove_shared")}`}
            </>
          }
          word={item.file_name}
          actionLabel={t("data.remove_import")}
          isPending={remove.isPending}
          error={remove.error}
          onClose={() => setRemoving(false)}
          onConfirm={() =>
            remove.mutate(undefined, {
              onSuccess: () => {
                void navigate({ to: "/data/imports", search: scopeOf });
                notify(t("data.import_removed", { file: item.file_name, rows: rowsStored }));
              },
            })
          }
        />
      )}
    </PageBody>
  );
}

/** Percent and rows of a running import. */
export function ImportProgress({ item }: { item: Import }) {
  const t = useText();
  const format = useFormat();
  const doing = t(item.check_only ? "data.checking" : "data.importing");
  return (
    <div className={css.progress} role="status">
      <div className={css.progressHead}>
        <b>{item.status === "queued" ? t("data.waiting") : doing}</b>
        <span className="num muted">{t("data.progress", { share: format.share(item.progress_ratio), rows: item.rows_read })}</span>
      </div>
      <Progress value={item.progress_ratio * 100} aria-label={doing} />
      <span className="small muted">{t("data.may_leave")}</span>
    </div>
  );
}

function RejectedRows({ item }: { item: Import }) {
  const t = useText();
  const format = useFormat();
  const errors = useInfiniteQuery({
    queryKey: ["imports", "one", item.id, "errors"],
    queryFn: ({ pageParam, signal }) => api.get<Page<RowError>>(`/imports/${item.id}/errors`, { limit: 50, cursor: pageParam }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
  });
  if (errors.isError) return <ErrorState error={errors.error} onRetry={() => void errors.refetch()} />;
  const rows = errors.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <div>
      <h2 className={css.section} style={{ marginBottom: 8 }}>
        {t("data.rejected_rows")}
      </h2>
      {!item.mapping.headerless && <p className="small muted">{t("data.rows_counted")}</p>}
      <DataTable
        caption={t("data.rejected_rows")}
        rows={rows}
        rowKey={(error) => `${error.row} ${error.field ?? ""} ${error.reason}`}
        columns={[
          { key: "row", label: t("data.column.row"), align: "right", render: (error) => format.number(error.row) },
          { key: "column", label: t("data.column.column"), render: (error) => error.field && t("data.column_role", { field: fieldLabel(t, error.field), column: error.column }) },
          { key: "value", label: t("data.column.value"), render: (error) => error.value },
          { key: "detail", label: t("data.column.what"), render: (error) => error.detail },
        ]}
      />
      {errors.hasNextPage && (
        <div className={css.more}>
          <Button variant="default" loading={errors.isFetchingNextPage} onClick={() => void errors.fetchNextPage()}>
            {t("common.more")}
          </Button>
        </div>
      )}
    </div>
  );
}
