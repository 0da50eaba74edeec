import { Button, Select } from "@mantine/core";
import { IconLock, IconUsers } from "@tabler/icons-react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api } from "@/api/client";
import { useChange, useMe, usePeople } from "@/api/hooks";
import type { Dataset, Grant, Page } from "@/api/types";
import { useText } from "@/messages";
import { useFormat } from "@/shared/format";
import { useNotify } from "@/shared/notify";
import { DataTable, EmptyState, ErrorState, LoadingRows, Note, useErrorText } from "@/shared/ui";
import { useUndo } from "@/shared/ui/undo";
import css from "./data.module.css";

const LIST_ID = "access-list";

/** Who may analyse the dataset besides its owner. */
export function AccessTab({ dataset }: { dataset: Dataset }) {
  const t = useText();
  const format = useFormat();
  const errorText = useErrorText();
  const notify = useNotify();
  const offerUndo = useUndo();
  const client = useQueryClient();
  const [chosen, setChosen] = useState<string | null>(null);
  const canManage = dataset.access.can_manage;
  const key = ["datasets", dataset.id, "grants"];
  const grants = useQuery({ queryKey: key, queryFn: async ({ signal }) => (await api.get<Page<Grant>>(`/datasets/${dataset.id}/grants`, {}, signal)).items, enabled: canManage });
  const mayGive = useMe().data?.user.role === "admin";
  const people = usePeople(mayGive);
  const add = useChange((userId: string) => api.post<Grant>(`/datasets/${dataset.id}/grants`, { user_id: userId }), [key]);
  const giveBack = useChange((grant: Grant) => api.post<Grant>(`/datasets/${dataset.id}/grants`, { user_id: grant.user_id }), [key]);
  const revoke = useChange((grant: Grant) => api.delete(`/datasets/${dataset.id}/grants/${grant.user_id}`), [key]);
  if (!canManage) return <Note icon={<IconLock size={16} stroke={1.7} />}>{t("data.access_hidden", { name: dataset.name, owner: dataset.owner })}</Note>;

  async function take(grant: Grant, button: HTMLElement) {
    // The row vanishes now, and the focus must not vanish with it.
    const row = button.closest("tr");
    const next = (row?.nextElementSibling ?? row?.previousElementSibling)?.querySelector("button");
    (next ?? document.getElementById(LIST_ID))?.focus();
    await client.cancelQueries({ queryKey: key });
    client.setQueryData<Grant[]>(key, (former) => former?.filter(({ user_id }) => user_id !== grant.user_id));
    try {
      await revoke.mutateAsync(grant);
    } catch {
      // What failed is said above the list, where the row comes back.
      await client.invalidateQueries({ queryKey: key });
      return;
    }
    offerUndo(t("data.revoked", { name: grant.username, dataset: dataset.name }), () => {
      giveBack.mutateAsync(grant).catch((error: unknown) => notify(errorText(error), { color: "red" }));
    });
  }

  const granted = new Set([dataset.owner_id, ...(grants.data ?? []).map((grant) => grant.user_id)]);
  const others = (people.data ?? []).filter((person) => !granted.has(person.id) && !person.is_disabled);
  const isAlone = others.length === 0 && grants.data?.length === 0;
  const failure = add.error ?? revoke.error;
  return (
    <div>
      <p className="muted" style={{ marginTop: 0, maxWidth: "72ch" }}>
        {t("data.access_text", { owner: dataset.owner })} {!mayGive && t("data.access_by_admins")}
      </p>
      {failure && <Note tone="danger">{errorText(failure)}</Note>}
      {mayGive && (
        <form
          className={css.addRow}
          onSubmit={(event) => {
            event.preventDefault();
            if (chosen) add.mutate(chosen, { onSuccess: () => setChosen(null) });
          }}
        >
          <Select
            label={t("data.person")}
            placeholder={others.length > 0 || !people.data ? t("data.choose_person") : t(isAlone ? "data.nobody_else" : "data.nobody_left")}
            data={others.map((person) => ({ value: person.id, label: person.username }))}
            value={chosen}
            onChange={setChosen}
            searchable
            disabled={others.length === 0}
            w={260}
          />
          <Button type="submit" disabled={!chosen} loading={add.isPending}>
            {t("data.grant")}
          </Button>
        </form>
      )}
      <div id={LIST_ID} tabIndex={-1}>
        {grants.isError && <ErrorState error={grants.error} onRetry={() => void grants.refetch()} />}
        {grants.isPending && <LoadingRows rows={3} />}
        {grants.data?.length === 0 && <EmptyState icon={<IconUsers size={22} stroke={1.7} />} title={t("data.no_grants")} text={mayGive ? t(isAlone ? "data.no_grants_alone" : "data.no_grants_text") : undefined} />}
        {grants.data && grants.data.length > 0 && (
          <DataTable
            caption={t("data.tab.access")}
            cards
            rows={grants.data}
            rowKey={(grant) => grant.user_id}
            columns={[
              { key: "person", label: t("data.person"), sortBy: (grant) => grant.username, render: (grant) => grant.username },
              { key: "since", label: t("data.since"), sortBy: (grant) => grant.created_at, render: (grant) => format.ago(grant.created_at) },
              ...(mayGive
                ? [
                    {
                      key: "action",
                      label: t("data.actions"),
                      align: "right" as const,
                      render: (grant: Grant) => (
                        <Button variant="subtle" c="var(--danger)" onClick={(event) => void take(grant, event.currentTarget)} aria-label={t("data.revoke_from", { name: grant.username })}>
                          {t("data.revoke")}
                        </Button>
                      ),
                    },
                  ]
                : []),
            ]}
          />
        )}
      </div>
    </div>
  );
}
