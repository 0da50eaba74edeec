import { Button, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRouter, useSearch } from "@tanstack/react-router";
import { useCallback, useEffect, useRef, useState, type KeyboardEvent } from "react";
import { ApiError, beginSession, whenSessionBegins } from "@/api/client";
import { meQuery, signIn } from "@/api/hooks";
import { Logo } from "@/app/Logo";
import { T, useText, type Translate } from "@/messages";
import { useFormat, type Formatters } from "@/shared/format";
import type { AppSearch } from "@/shared/search";
import { Note, useDocumentTitle, useErrorText } from "@/shared/ui";
import { PasswordField } from "@/shared/ui/PasswordField";
import css from "./SignInPage.module.css";

/** Only addresses of this page may follow a sign-in. */
export function safeNext(next: unknown): string {
  return typeof next === "string" && /^\/(?![/\\])/.test(next) && !next.startsWith("/signin") ? next : "/";
}

function failureText(error: Error, t: Translate, format: Formatters, otherwise: (error: unknown) => string): string {
  if (error instanceof ApiError && error.reason === "wrong_credentials") return t("auth.wrong");
  if (error instanceof ApiError && error.status === 429) return t("auth.locked", { duration: format.duration(error.retryAfterSeconds ?? 900) });
  return otherwise(error);
}

/** Sign in with user name and password; afterwards back to where the session ended. */
export default function SignInPage() {
  const t = useText();
  const format = useFormat();
  const errorText = useErrorText();
  const router = useRouter();
  const client = useQueryClient();
  const search: AppSearch = useSearch({ strict: false });
  const [hasCapsLock, setCapsLock] = useState(false);
  const passwordField = useRef<HTMLInputElement>(null);
  const form = useForm({
    initialValues: { username: "", password: "" },
    validate: {
      username: (value) => (value.trim() ? null : t("auth.username_missing")),
      password: (value) => (value ? null : t("auth.password_missing")),
    },
  });
  useDocumentTitle(t("auth.title"));
  const next = safeNext(search["next"]);
  const enter = useCallback(async () => {
    client.clear();
    await client.fetchQuery(meQuery);
    router.history.push(next);
  }, [client, router, next]);
  const attempt = useMutation({
    mutationFn: async (values: { username: string; password: string }) => {
      const session = await signIn(values.username.trim(), values.password);
      beginSession(session.csrf_token);
      await enter();
    },
    onError: () => passwordField.current?.select(),
  });
  // Who cannot go on from here after all can still sign in here.
  useEffect(() => whenSessionBegins(() => void enter().catch(() => undefined)), [enter]);
  const watchCapsLock = (event: KeyboardEvent): void => setCapsLock(event.getModifierState("CapsLock"));

  return (
    <main className={css.page}>
      <form className={css.card} onSubmit={form.onSubmit((values) => attempt.mutate(values))} noValidate>
        <span className={css.logo}>
          <Logo />
        </span>
        <h1 className={css.title}>{t("auth.title")}</h1>
        <p className={css.lead}>{t("auth.lead")}</p>
        {search["next"] && !attempt.isError && <Note>{t("auth.session_ended")}</Note>}
        {attempt.isError && <Note tone="danger">{failureText(attempt.error, t, format, errorText)}</Note>}
        <TextInput label={t("auth.username")} autoComplete="username" autoCapitalize="none" spellCheck={false} autoFocus required withAsterisk={false} {...form.getInputProps("username")} />
        <PasswordField
          ref={passwordField}
          label={t("auth.password")}
          autoComplete="current-password"
          required
          withAsterisk={false}
          onKeyDown={watchCapsLock}
          onKeyUp={watchCapsLock}
          description={hasCapsLock ? t("auth.caps_lock") : undefined}
          {...form.getInputProps("password")}
        />
        <Button type="submit" loading={attempt.isPending} fullWidth>
          {t("auth.sign_in")}
        </Button>
        <p className={css.foot}>
          <T id="auth.forgotten" />
        </p>
      </form>
    </main>
  );
}
