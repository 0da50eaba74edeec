import { Button, Progress } from "@mantine/core";
import { IconApi, IconFileImport, IconSparkles } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { ApiError } from "@/api/client";
import { useDatasets } from "@/api/hooks";
import { importExample } from "@/features/data/example";
import { useText } from "@/messages";
import { LinkButton, Note, useErrorText } from "@/shared/ui";
import css from "./FirstRun.module.css";
import { MapPicture } from "./MapPicture";

/** What an empty installation shows: three ways to get data in, and what will come of it. */
export function FirstRun() {
  const t = useText();
  const errorText = useErrorText();
  const navigate = useNavigate();
  const client = useQueryClient();
  const datasets = useDatasets().data ?? [];
  const [progress, setProgress] = useState(0);
  const example = useMutation({
    mutationFn: () => importExample(t("home.first.example_name"), datasets.map((dataset) => dataset.name), setProgress),
    onSuccess: async (dataset) => {
      await client.invalidateQueries();
      await navigate({ to: "/explore/map", search: { dataset: dataset.id } });
    },
  });
  return (
    <>
      <div className={css.cards}>
        <section className={css.card}>
          <span className={css.icon}>
            <IconFileImport size={22} stroke={1.7} />
          </span>
          <h2 className={css.title}>{t("home.first.import")}</h2>
          <p className={css.text}>{t("home.first.import_text")}</p>
          <LinkButton to="/data/imports/new">
            {t("home.first.import")}
          </LinkButton>
        </section>
        <section className={css.card}>
          <span className={css.icon}>
            <IconSparkles size={22} stroke={1.7} />
          </span>
          <h2 className={css.title}>{t("home.first.example")}</h2>
          <p className={css.text}>{t("home.first.example_text")}</p>
          {example.isPending ? (
            <div className={css.progress} role="status">
              <span>{t("home.first.example_running")}</span>
              <Progress value={Math.max(5, progress * 100)} animated aria-label={t("home.first.example_running")} />
            </div>
          ) : (
            <Button variant="default" onClick={() => example.mutate()}>
              {t("home.first.example")}
            </Button>
          )}
          {example.isError && <Note tone="danger">{example.error instanceof ApiError ? errorText(example.error) : t("home.first.example_failed", { why: example.error.message })}</Note>}
        </section>
        <section className={css.card}>
          <span className={css.icon}>
            <IconApi size={22} stroke={1.7} />
          </span>
          <h2 className={css.title}>{t("home.first.api")}</h2>
          <p className={css.text}>{t("home.first.api_text")}</p>
          <LinkButton variant="default" to="/help/$page" params={{ page: "api" }}>
            {t("home.first.api")}
          </LinkButton>
        </section>
      </div>
      <figure className={css.picture}>
        <MapPicture />
        <figcaption className={css.text}>{t("home.first.picture")}</figcaption>
      </figure>
    </>
  );
}
