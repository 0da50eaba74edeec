import { Button, Progress } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { ApiError } from "@/api/client";
import { useDatasets } from "@/api/hooks";
import { useText } from "@/messages";
import { rememberDataset } from "@/shared/scope";
import { Note, useErrorText } from "@/shared/ui";
import { EXAMPLES, importExample, type Example } from "./example";
import css from "./Examples.module.css";

/** The examples to choose from, each with a line on what it shows; the chosen one opens on the map. */
export function Examples() {
  const t = useText();
  const errorText = useErrorText();
  const navigate = useNavigate();
  const client = useQueryClient();
  const datasets = useDatasets().data ?? [];
  const [progress, setProgress] = useState(0);
  const bring = useMutation({
    mutationFn: (example: Example) => importExample(example, t(`home.first.example.${example.key}_name`), datasets.map((dataset) => dataset.name), setProgress),
    onMutate: () => setProgress(0),
    onSuccess: async (dataset) => {
      await client.invalidateQueries();
      rememberDataset(dataset.id);
      await navigate({ to: "/explore/map", search: { dataset: dataset.id } });
    },
  });
  if (bring.isPending) {
    const text = t("home.first.example_running", { name: t(`home.first.example.${bring.variables.key}_name`) });
    return (
      <div className={css.progress} role="status">
        <span>{text}</span>
        <Progress value={Math.max(5, progress * 100)} animated aria-label={text} />
      </div>
    );
  }
  return (
    <>
      <ul className={css.examples}>
        {EXAMPLES.map((example) => (
          <li key={example.key} className={css.example}>
            <Button variant="default" aria-describedby={`example-${example.key}`} onClick={() => bring.mutate(example)}>
              {t(`home.first.example.${example.key}`)}
            </Button>
            <p id={`example-${example.key}`} className={css.text}>
              {t(`home.first.example.${example.key}_text`)}
            </p>
          </li>
        ))}
      </ul>
      {bring.isError && <Note tone="danger">{bring.error instanceof ApiError ? errorText(bring.error) : t("home.first.example_failed", { why: bring.error.message })}</Note>}
    </>
  );
}
