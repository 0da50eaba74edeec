import { Button, SegmentedControl, useMantineColorScheme, type MantineColorScheme } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useState } from "react";
import { ApiError, api } from "@/api/client";
import { useChange, useMe } from "@/api/hooks";
import { preferDirection, preferredDirection } from "@/features/explore/direction";
import type { Direction } from "@/features/explore/draw/geometry";
import { T, useText } from "@/messages";
import { checkAfterPress } from "@/shared/afterPress";
import { useNotify } from "@/shared/notify";
import { Card, Note, PageBody, PageTitle, useErrorText } from "@/shared/ui";
import { PasswordField } from "@/shared/ui/PasswordField";
import { PASSWORD_LENGTH } from "./password";
import css from "./settings.module.css";

/** Settings, Account: password, theme, direction of maps, language. */
export default function AccountPage() {
  const t = useText();
  const me = useMe().data?.user;
  return (
    <PageBody>
      <PageTitle title={t("settings.account.title")} lead={me && <T id="settings.account.lead" values={{ name: me.username, role: me.role }} />} />
      <div className={css.columns}>
        <ChangePassword />
        <Appearance />
      </div>
    </PageBody>
  );
}

function ChangePassword() {
  const t = useText();
  const errorText = useErrorText();
  const notify = useNotify();
  const [failure, setFailure] = useState<unknown>(null);
  const change = useChange(({ old, fresh }: { old: string; fresh: string }) => api.put("/me/password", { old_password: old, new_password: fresh }), []);
  const form = useForm({
    mode: "uncontrolled",
    initialValues: { old: "", fresh: "", again: "" },
    validateInputOnBlur: true,
    enhanceGetInputProps: checkAfterPress,
    validate: {
      old: (value) => (value ? null : t("settings.account.old_missing")),
      fresh: (value) => (value.length >= PASSWORD_LENGTH ? null : t("settings.account.too_short", { count: PASSWORD_LENGTH - value.length })),
      again: (value, values) => (value === values.fresh ? null : t("settings.account.not_the_same")),
    },
  });

  async function submit(values: { old: string; fresh: string }) {
    setFailure(null);
    try {
      await change.mutateAsync(values);
    } catch (error) {
      const place = error instanceof ApiError && { password_wrong: "old", password_too_short: "fresh" }[error.reason];
      if (place) form.setFieldError(place, errorText(error));
      else setFailure(error);
      return;
    }
    form.reset();
    notify(t("settings.account.password_changed"));
  }

  return (
    <Card title={t("settings.account.password")}>
      <p className={css.hint}>{t("settings.account.password_text")}</p>
      <form className={css.form} onSubmit={form.onSubmit((values) => void submit(values), focusFirst)} noValidate>
        <PasswordField label={t("settings.account.old_password")} autoComplete="current-password" key={form.key("old")} {...form.getInputProps("old")} />
        <PasswordField
          label={t("settings.account.new_password")}
          description={t("settings.account.new_password_text")}
          autoComplete="new-password"
          key={form.key("fresh")}
          {...form.getInputProps("fresh")}
        />
        <PasswordField label={t("settings.account.repeat_password")} autoComplete="new-password" key={form.key("again")} {...form.getInputProps("again")} />
        {failure !== null && <Note tone="danger">{errorText(failure)}</Note>}
        <div className={css.submit}>
          <Button type="submit" loading={change.isPending}>
            {t("settings.account.change_password")}
          </Button>
        </div>
      </form>
    </Card>
  );

  function focusFirst(errors: object) {
    const [first] = Object.keys(errors);
    if (first) form.getInputNode(first)?.focus();
  }
}

function Appearance() {
  const t = useText();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const schemes: MantineColorScheme[] = ["light", "dark", "auto"];
  const [direction, setDirection] = useState(preferredDirection);
  const directions: Direction[] = ["down", "right"];
  return (
    <Card title={t("settings.account.appearance")}>
      <div className={css.field}>
        <span className={css.label}>{t("settings.account.theme")}</span>
        <SegmentedControl
          aria-label={t("settings.account.theme")}
          value={colorScheme}
          onChange={(value) => setColorScheme(value)}
          data={schemes.map((value) => ({ value, label: t(`settings.account.theme.${value}`) }))}
        />
        <span className={css.note}>{t("settings.account.theme_text")}</span>
      </div>
      <div className={css.field}>
        <span className={css.label}>{t("settings.account.direction")}</span>
        <SegmentedControl
          aria-label={t("settings.account.direction")}
          value={direction}
          onChange={(value) => (preferDirection(value), setDirection(value))}
          data={directions.map((value) => ({ value, label: t(`settings.account.direction.${value}`) }))}
        />
        <span className={css.note}>{t("settings.account.direction_text")}</span>
      </div>
      <div className={css.field}>
        <span className={css.label}>{t("settings.account.language")}</span>
        <span>{t("settings.account.language_english")}</span>
        <span className={css.note}>{t("settings.account.language_text")}</span>
      </div>
    </Card>
  );
}
