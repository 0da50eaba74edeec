import { Button, MultiSelect, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { IconCheck, IconCopy, IconKey, IconMinus, IconPlus } from "@tabler/icons-react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { api } from "@/api/client";
import { allItems, useChange, useDatasets, useMe } from "@/api/hooks";
import type { ApiToken, Dataset } from "@/api/types";
import { T, useText } from "@/messages";
import { checkAfterPress } from "@/shared/afterPress";
import { useCopy } from "@/shared/copy";
import { useFormat } from "@/shared/format";
import { useNotify } from "@/shared/notify";
import { useScopeIn } from "@/shared/scope";
import { scopeOf } from "@/shared/search";
import { Card, DataTable, EmptyState, ErrorState, HelpHover, LinkButton, LoadingRows, Note, PageBody, PageTitle, useErrorText, type Column } from "@/shared/ui";
import { ConfirmButton } from "@/shared/ui/ConfirmButton";
import { AdminsOnly } from "./AdminsOnly";
import { CurlSample } from "./CurlSample";
import css from "./settings.module.css";

const TOUCHES = [["tokens"]];
const WHILE_WAITING_MS = 2000;

/** Settings, API tokens: what systems send events with. */
export default function TokensPage() {
  const t = useText();
  const isAdmin = useMe().data?.user.role === "admin";
  const datasets = useDatasets();
  const tokens = useQuery({ queryKey: ["tokens"], queryFn: ({ signal }) => allItems<ApiToken>("/tokens", {}, signal), enabled: isAdmin });
  // Null until a token was going to be made: the button that comes back then takes the focus.
  const [isCreating, setCreating] = useState<boolean | null>(null);
  const [fresh, setFresh] = useState<ApiToken | null>(null);
  const writable = datasets.data?.filter((dataset) => dataset.access.can_write) ?? [];
  const [sampleDataset] = writable;
  const create = isAdmin && !isCreating && (sampleDataset || datasets.isPending) && (
    <Button disabled={datasets.isPending} variant={fresh ? "default" : "filled"} leftSection={<IconPlus size={16} stroke={1.7} />} autoFocus={isCreating === false} onClick={() => setCreating(true)}>
      {t("settings.tokens.create")}
    </Button>
  );
  const isEmpty = tokens.data?.length === 0 && !isCreating && !fresh;
  return (
    <PageBody>
      <PageTitle title={t("settings.tokens.title")} lead={t("settings.tokens.lead")} actions={create} />
      <AdminsOnly>
        <div className={css.stack}>
          {isCreating && (
            <CreateToken
              datasets={writable}
              onCancel={() => setCreating(false)}
              onCreated={(token) => {
                setFresh(token);
                setCreating(false);
              }}
            />
          )}
          {fresh && <FreshToken key={fresh.id} token={fresh} datasets={writable} onDone={() => setFresh(null)} />}
          {tokens.isError && <ErrorState error={tokens.error} onRetry={() => void tokens.refetch()} />}
          {tokens.isPending && <LoadingRows rows={4} height={28} />}
          {datasets.isSuccess && !sampleDataset && (
            <EmptyState icon={<IconKey size={22} stroke={1.7} />} title={t("settings.tokens.no_dataset")} text={t("settings.tokens.no_dataset_text")}>
              <LinkButton to="/data/datasets" search={scopeOf}>
                {t("settings.tokens.datasets_link")}
              </LinkButton>
            </EmptyState>
          )}
          {isEmpty && sampleDataset && (
            <>
              <EmptyState icon={<IconKey size={22} stroke={1.7} />} title={t("settings.tokens.empty")} text={t("settings.tokens.empty_text")} />
              <CurlSample datasetId={sampleDataset.id} />
            </>
          )}
          {tokens.data && tokens.data.length > 0 && <Tokens tokens={tokens.data} datasets={datasets.data ?? []} />}
        </div>
      </AdminsOnly>
    </PageBody>
  );
}

interface CreateTokenProps {
  datasets: Dataset[];
  onCreated: (token: ApiToken) => void;
  onCancel: () => void;
}

function CreateToken({ datasets, onCreated, onCancel }: CreateTokenProps) {
  const t = useText();
  const errorText = useErrorText();
  const [failure, setFailure] = useState<unknown>(null);
  const create = useChange((input: { name: string; dataset_ids: string[] }) => api.post<ApiToken>("/tokens", input), TOUCHES);
  const form = useForm({
    mode: "uncontrolled",
    initialValues: { name: "", dataset_ids: datasets.length === 1 ? datasets.map(({ id }) => id) : [] },
    validateInputOnBlur: ["name"],
    enhanceGetInputProps: checkAfterPress,
    validate: {
      name: (value) => (value.trim() ? null : t("settings.tokens.name_missing")),
      dataset_ids: (value) => (value.length ? null : t("settings.tokens.datasets_missing")),
    },
  });
  async function submit(values: { name: string; dataset_ids: string[] }) {
    setFailure(null);
    try {
      onCreated(await create.mutateAsync({ ...values, name: values.name.trim() }));
    } catch (error) {
      setFailure(error);
    }
  }
  return (
    <Card title={t("settings.tokens.create")}>
      <form
        className={css.form}
        noValidate
        onSubmit={form.onSubmit(
          (values) => void submit(values),
          (errors) => form.getInputNode(Object.keys(errors)[0] ?? "")?.focus(),
        )}
      >
        <TextInput label={t("settings.tokens.name")} description={t("settings.tokens.name_text")} maxLength={100} autoFocus data-autofocus key={form.key("name")} {...form.getInputProps("name")} />
        <MultiSelect
          label={t("settings.tokens.datasets")}
          searchable
          openOnFocus={false} // the list would cover what is wrong with the field
          data={datasets.map(({ id, name }) => ({ value: id, label: name }))}
          key={form.key("dataset_ids")}
          {...form.getInputProps("dataset_ids")}
        />
        <span className={css.note}>
          {t("settings.tokens.scope")} <HelpHover term={t("settings.tokens.scope_term")} textId="settings.tokens.scope_help" helpPage="api" />
        </span>
        {failure !== null && <Note tone="danger">{errorText(failure)}</Note>}
        <div className={css.submit}>
          <Button type="submit" loading={create.isPending}>
            {t("settings.tokens.create")}
          </Button>
          <Button variant="default" onClick={onCancel}>
            {t("common.cancel")}
          </Button>
        </div>
      </form>
    </Card>
  );
}

/** The secret, shown this once, and a command that proves it works. */
function FreshToken({ token, datasets, onDone }: { token: ApiToken; datasets: Dataset[]; onDone: () => void }) {
  const t = useText();
  const { copy, isCopied } = useCopy({ isOnPage: true });
  const secret = token.secret ?? "";
  const dataset = datasets.find(({ id }) => token.dataset_ids.includes(id));
  return (
    <Card title={t("settings.tokens.created", { name: token.name })}>
      <div className={css.secret}>
        <Note tone="warn">{t("settings.tokens.once")}</Note>
        <div className={css.secretLine}>
          <code aria-label={t("settings.tokens.secret")}>{secret}</code>
          <Button leftSection={isCopied ? <IconCheck size={16} stroke={1.7} /> : <IconCopy size={16} stroke={1.7} />} onClick={() => void copy(secret)} data-autofocus autoFocus>
            {t(isCopied ? "settings.tokens.copied" : "settings.tokens.copy")}
          </Button>
        </div>
        {dataset && (
          <>
            <div>
              <h3 className={css.label} style={{ margin: "8px 0 2px" }}>
                {t("settings.tokens.try")}
              </h3>
              <span className={css.note}>{t("settings.tokens.try_text", { dataset: dataset.name })}</span>
            </div>
            <CurlSample datasetId={dataset.id} secret={secret} />
            <FirstEvent dataset={dataset} />
            <span className={css.note}>
              <T
                id="settings.tokens.not_arriving"
                values={{
                  a: (chunks) => (
                    <Link to="/settings/tokens/$tokenId" params={{ tokenId: token.id }} search={scopeOf} target="_blank">
                      {chunks}
                    </Link>
                  ),
                }}
              />
            </span>
          </>
        )}
        <div>
          <Button variant="default" onClick={onDone}>
            {t("settings.tokens.done")}
          </Button>
        </div>
      </div>
    </Card>
  );
}

/** Watches the dataset until it has more events than when the token was made. */
function FirstEvent({ dataset }: { dataset: Dataset }) {
  const t = useText();
  const scopeWithin = useScopeIn();
  const [eventsBefore] = useState(dataset.events);
  const watched = useQuery({
    queryKey: ["datasets", dataset.id],
    queryFn: ({ signal }) => api.get<Dataset>(`/datasets/${dataset.id}`, {}, signal),
    staleTime: 0,
    refetchInterval: ({ state: { data } }) => ((data?.events ?? eventsBefore) > eventsBefore ? false : WHILE_WAITING_MS),
  });
  const arrived = Math.max(0, (watched.data?.events ?? eventsBefore) - eventsBefore);
  const client = useQueryClient();
  useEffect(() => {
    // The list says when the token was last used.
    if (arrived > 0) void client.invalidateQueries({ queryKey: TOUCHES[0] });
  }, [arrived, client]);
  return (
    <div className={css.wait} data-done={arrived > 0} role="status">
      {arrived > 0 ? <IconCheck size={18} stroke={2} /> : <span className={css.pulse} />}
      {arrived > 0 ? t("settings.tokens.arrived", { count: arrived, dataset: dataset.name }) : t("settings.tokens.waiting")}
      {arrived > 0 && (
        <Link to="/data/datasets/$datasetId" params={{ datasetId: dataset.id }} search={scopeWithin(dataset.id)}>
          {t("settings.tokens.open_dataset", { dataset: dataset.name })}
        </Link>
      )}
    </div>
  );
}

function Tokens({ tokens, datasets }: { tokens: ApiToken[]; datasets: Dataset[] }) {
  const t = useText();
  const format = useFormat();
  const notify = useNotify();
  const revoke = useChange((token: ApiToken) => api.delete(`/tokens/${token.id}`), TOUCHES);
  const nameOf = (id: string) => datasets.find((dataset) => dataset.id === id)?.name ?? t("settings.tokens.deleted_dataset");

  async function end(token: ApiToken) {
    await revoke.mutateAsync(token);
    notify(t("settings.tokens.revoked_now", { name: token.name }));
  }

  const columns: Column<ApiToken>[] = [
    { key: "name", label: t("settings.tokens.column_name"), sortBy: ({ name }) => name, render: ({ name }) => name },
    { key: "secret", label: t("settings.tokens.column_secret"), render: ({ secret_prefix }) => <span className={css.mono}>{`${secret_prefix}…`}</span> },
    { key: "datasets", label: t("settings.tokens.column_datasets"), render: ({ dataset_ids }) => dataset_ids.map(nameOf).join(", ") },
    {
      key: "by",
      label: t("settings.tokens.column_by"),
      sortBy: ({ created_at }) => created_at,
      render: ({ created_by, created_at }) => t("settings.tokens.by", { name: created_by, day: format.day(created_at) }),
    },
    {
      key: "used",
      label: t("settings.tokens.column_used"),
      sortBy: ({ last_used_at }) => last_used_at ?? "",
      render: ({ last_used_at }) => (last_used_at ? format.ago(last_used_at) : t("settings.tokens.never")),
    },
    {
      key: "state",
      label: t("settings.tokens.column_state"),
      sortBy: ({ revoked_at }) => revoked_at ?? "",
      render: ({ revoked_at }) => (
        <span className={css.state} data-tone={revoked_at ? "quiet" : "good"}>
          {revoked_at ? <IconMinus size={16} stroke={1.7} /> : <IconCheck size={16} stroke={1.7} />}
          {revoked_at ? t("settings.tokens.revoked", { day: format.day(revoked_at) }) : t("settings.tokens.active")}
        </span>
      ),
    },
    {
      key: "actions",
      label: t("settings.tokens.column_actions"),
      align: "right",
      render: (token) =>
        !token.revoked_at && (
          <span className={css.rowActions}>
            <LinkButton
              variant="subtle"
              size="compact-sm"
              to="/settings/tokens/$tokenId"
              params={{ tokenId: token.id }}
              search={scopeOf}
              aria-label={t("settings.tokens.debugger_of", { name: token.name })}
            >
              {t("settings.debugger.title")}
            </LinkButton>
            <ConfirmButton
              compact
              label={t("settings.tokens.revoke")}
              ariaLabel={t("settings.tokens.revoke_of", { name: token.name })}
              question={t("settings.tokens.revoke_question", { name: token.name })}
              action={t("settings.tokens.revoke_action")}
              onConfirm={() => end(token)}
            />
          </span>
        ),
    },
  ];
  return <DataTable caption={t("settings.tokens.title")} columns={columns} rows={tokens} rowKey={({ id }) => id} cards />;
}
