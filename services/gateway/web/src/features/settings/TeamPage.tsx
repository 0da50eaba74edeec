import { Button, Popover, Radio, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { IconCheck, IconLock, IconMinus, IconPlus, IconUsers } from "@tabler/icons-react";
import { useState } from "react";
import { ApiError, api } from "@/api/client";
import { useChange, useMe, usePeople } from "@/api/hooks";
import type { User } from "@/api/types";
import { T, useText } from "@/messages";
import { checkAfterPress } from "@/shared/afterPress";
import { useFormat } from "@/shared/format";
import { useNotify } from "@/shared/notify";
import { Card, DataTable, EmptyState, ErrorState, LoadingRows, Note, PageBody, PageTitle, useErrorText, type Column } from "@/shared/ui";
import { PasswordField } from "@/shared/ui/PasswordField";
import { useUndo } from "@/shared/ui/undo";
import { AdminsOnly } from "./AdminsOnly";
import { PASSWORD_LENGTH } from "./password";
import { lockOf } from "./rights";
import css from "./settings.module.css";

const ROLES: User["role"][] = ["analyst", "admin"];
const TOUCHES = [["users"]];

interface UserChange {
  role?: User["role"];
  is_disabled?: boolean;
  new_password?: string;
}

/** Settings, Team: who works here and what each may do. */
export default function TeamPage() {
  const t = useText();
  const isAdmin = useMe().data?.user.role === "admin";
  // Null until somebody was going to be added: the button that comes back then takes the focus.
  const [isAdding, setAdding] = useState<boolean | null>(null);
  const people = usePeople(isAdmin);
  const items = people.data ?? [];
  const lead = people.data ? t("settings.team.lead", { count: items.length, active: items.filter((user) => !user.is_disabled).length }) : null;
  const add = isAdmin && !isAdding && (
    <Button leftSection={<IconPlus size={16} stroke={1.7} />} autoFocus={isAdding === false} onClick={() => setAdding(true)}>
      {t("settings.team.add")}
    </Button>
  );
  return (
    <PageBody>
      <PageTitle title={t("settings.team.title")} lead={lead} actions={add} />
      <AdminsOnly>
        <div className={css.stack}>
          {isAdding && <AddPerson onDone={() => setAdding(false)} />}
          {people.isError && <ErrorState error={people.error} onRetry={() => void people.refetch()} />}
          {people.isPending && <LoadingRows rows={5} height={28} />}
          {people.data && <People people={items} />}
          {items.length === 1 && !isAdding && <EmptyState icon={<IconUsers size={22} stroke={1.7} />} title={t("settings.team.only_you")} text={t("settings.team.only_you_text")} />}
        </div>
      </AdminsOnly>
    </PageBody>
  );
}

function AddPerson({ onDone }: { onDone: () => void }) {
  const t = useText();
  const errorText = useErrorText();
  const notify = useNotify();
  const [failure, setFailure] = useState<unknown>(null);
  const create = useChange((input: { username: string; password: string; role: string }) => api.post<User>("/users", input), TOUCHES);
  const form = useForm({
    mode: "uncontrolled",
    initialValues: { username: "", role: "analyst", password: "" },
    validateInputOnBlur: true,
    enhanceGetInputProps: checkAfterPress,
    validate: {
      username: (value) => (value.trim() ? null : t("settings.team.name_missing")),
      password: (value) => (value.length >= PASSWORD_LENGTH ? null : t("settings.account.too_short", { count: PASSWORD_LENGTH - value.length })),
    },
  });

  async function submit(values: { username: string; role: string; password: string }) {
    setFailure(null);
    try {
      const user = await create.mutateAsync({ ...values, username: values.username.trim() });
      notify(t("settings.team.created", { name: user.username }), { autoClose: 10_000 });
      onDone();
    } catch (error) {
      const field = error instanceof ApiError && (error.reason === "username_taken" ? "username" : error.errors[0]?.field);
      if (field === "username" || field === "password") form.setFieldError(field, errorText(error));
      else setFailure(error);
    }
  }

  return (
    <Card title={t("settings.team.add")}>
      <form
        className={css.form}
        noValidate
        onSubmit={form.onSubmit(
          (values) => void submit(values),
          (errors) => form.getInputNode(Object.keys(errors)[0] ?? "")?.focus(),
        )}
      >
        <TextInput label={t("settings.team.name")} description={t("settings.team.name_text")} autoComplete="off" data-autofocus autoFocus key={form.key("username")} {...form.getInputProps("username")} />
        <Radio.Group label={t("settings.team.role")} key={form.key("role")} {...form.getInputProps("role")}>
          <div className={css.stack} style={{ marginTop: 8 }}>
            {ROLES.map((role) => (
              <Radio key={role} value={role} label={t(`settings.role.${role}`)} description={t(`settings.role.${role}_text`)} />
            ))}
          </div>
        </Radio.Group>
        <PasswordField label={t("settings.team.password")} description={t("settings.team.password_text")} autoComplete="new-password" key={form.key("password")} {...form.getInputProps("password")} />
        {failure !== null && <Note tone="danger">{errorText(failure)}</Note>}
        <div className={css.submit}>
          <Button type="submit" loading={create.isPending}>
            {t("settings.team.create")}
          </Button>
          <Button variant="default" onClick={onDone}>
            {t("common.cancel")}
          </Button>
        </div>
      </form>
    </Card>
  );
}

function People({ people }: { people: User[] }) {
  const t = useText();
  const format = useFormat();
  const me = useMe().data?.user;
  if (!me) return null;
  const superuser = people.find((user) => user.is_superuser)?.username ?? "";
  const columns: Column<User>[] = [
    {
      key: "name",
      label: t("settings.team.column_name"),
      sortBy: ({ username }) => username,
      render: (user) => (user.id === me.id ? t("settings.team.you", { name: user.username }) : user.username),
    },
    {
      key: "role",
      label: t("settings.team.column_role"),
      sortBy: ({ role }) => role,
      render: (user) => (
        <span>
          {t(`settings.role.${user.role}`)}
          {user.is_superuser && <span className={css.badge}>{t("settings.superuser")}</span>}
        </span>
      ),
    },
    {
      key: "state",
      label: t("settings.team.column_state"),
      sortBy: ({ is_disabled }) => Number(is_disabled),
      render: ({ is_disabled }) => (
        <span className={css.state} data-tone={is_disabled ? "quiet" : "good"}>
          {is_disabled ? <IconMinus size={16} stroke={1.7} /> : <IconCheck size={16} stroke={1.7} />}
          {t(is_disabled ? "settings.team.disabled" : "settings.team.active")}
        </span>
      ),
    },
    {
      key: "seen",
      label: t("settings.team.column_seen"),
      sortBy: ({ last_login_at }) => last_login_at ?? "",
      render: ({ last_login_at }) => (last_login_at ? format.ago(last_login_at) : t("settings.team.never")),
    },
    { key: "since", label: t("settings.team.column_since"), sortBy: ({ created_at }) => created_at ?? "", render: ({ created_at }) => created_at && format.day(created_at) },
    {
      key: "actions",
      label: t("settings.team.column_actions"),
      align: "right",
      render: (user) => {
        const lock = lockOf(user, me);
        if (!lock) return <PersonActions user={user} me={me} />;
        return (
          <span className={css.locked}>
            <IconLock size={14} stroke={1.7} style={{ verticalAlign: "-2px" }} /> {t(`settings.team.locked.${lock}`, { superuser })}
          </span>
        );
      },
    },
  ];
  return <DataTable caption={t("settings.team.title")} columns={columns} rows={people} rowKey={({ id }) => id} cards initialSort={{ key: "name", descending: false }} />;
}

function PersonActions({ user, me }: { user: User; me: User }) {
  const t = useText();
  const errorText = useErrorText();
  const notify = useNotify();
  const offerUndo = useUndo();
  const [isOpen, setOpen] = useState(false);
  const [isResetting, setResetting] = useState(false);
  const change = useChange((input: UserChange) => api.patch<User>(`/users/${user.id}`, input), TOUCHES);
  const name = user.username;

  async function apply(input: UserChange, done: string, undo: UserChange) {
    try {
      await change.mutateAsync(input);
    } catch (error) {
      notify(errorText(error), { color: "red" });
      return;
    }
    // What one has given one cannot always take back.
    if (lockOf({ ...user, ...input }, me)) notify(t(done, { name }));
    else offerUndo(t(done, { name }), () => void change.mutateAsync(undo).catch((error: unknown) => notify(errorText(error), { color: "red" })));
  }

  function choose(input: UserChange, done: string, undo: UserChange) {
    setOpen(false);
    void apply(input, done, undo);
  }

  const otherRole = user.role === "admin" ? "analyst" : "admin";
  const choices: { label: string; onChoose: () => void }[] = [
    { label: t(`settings.team.make_${otherRole}`), onChoose: () => choose({ role: otherRole }, `settings.team.made_${otherRole}`, { role: user.role }) },
    { label: t("settings.team.reset"), onChoose: () => setResetting(true) },
    user.is_disabled
      ? { label: t("settings.team.enable"), onChoose: () => choose({ is_disabled: false }, "settings.team.enabled_now", { is_disabled: true }) }
      : { label: t("settings.team.disable"), onChoose: () => choose({ is_disabled: true }, "settings.team.disabled_now", { is_disabled: false }) },
  ];
  return (
    <Popover
      opened={isOpen}
      onChange={(opened) => {
        setOpen(opened);
        setResetting(false);
      }}
      width={isResetting ? 320 : 220}
      position="bottom-end"
      trapFocus
      returnFocus
    >
      <Popover.Target>
        <Button variant="default" size="compact-sm" aria-label={t("settings.team.change_of", { name })} loading={change.isPending} onClick={() => setOpen(!isOpen)}>
          {t("settings.team.change")}
        </Button>
      </Popover.Target>
      <Popover.Dropdown p={isResetting ? "md" : 4} aria-label={t("settings.team.change_of", { name })}>
        {isResetting ? (
          <ResetPassword user={user} onDone={() => setOpen(false)} />
        ) : (
          choices.map(({ label, onChoose }) => (
            <button key={label} type="button" className={css.choice} onClick={onChoose}>
              {label}
            </button>
          ))
        )}
      </Popover.Dropdown>
    </Popover>
  );
}

function ResetPassword({ user, onDone }: { user: User; onDone: () => void }) {
  const t = useText();
  const errorText = useErrorText();
  const notify = useNotify();
  const change = useChange((new_password: string) => api.patch<User>(`/users/${user.id}`, { new_password }), TOUCHES);
  const form = useForm({
    mode: "uncontrolled",
    initialValues: { fresh: "" },
    validate: { fresh: (value) => (value.length >= PASSWORD_LENGTH ? null : t("settings.account.too_short", { count: PASSWORD_LENGTH - value.length })) },
  });
  async function submit({ fresh }: { fresh: string }) {
    try {
      await change.mutateAsync(fresh);
    } catch (error) {
      form.setFieldError("fresh", errorText(error));
      return;
    }
    notify(t("settings.team.password_set", { name: user.username }));
    onDone();
  }
  return (
    <form className={css.form} noValidate onSubmit={form.onSubmit((values) => void submit(values))}>
      <PasswordField
        label={t("settings.team.reset_of", { name: user.username })}
        description={<T id="settings.team.reset_text" values={{ name: user.username }} />}
        autoComplete="new-password"
        data-autofocus
        key={form.key("fresh")}
        {...form.getInputProps("fresh")}
      />
      <div className={css.submit}>
        <Button type="submit" loading={change.isPending}>
          {t("settings.team.reset_save")}
        </Button>
        <Button variant="default" onClick={onDone}>
          {t("common.cancel")}
        </Button>
      </div>
    </form>
  );
}
