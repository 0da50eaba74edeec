import { Modal } from "@mantine/core";
import { useIntl } from "react-intl";
import { api } from "@/api/client";
import { useChange } from "@/api/hooks";
import type { Dataset } from "@/api/types";
import { T, useText } from "@/messages";
import { useNotify } from "@/shared/notify";
import { Note, useErrorText } from "@/shared/ui";
import { useFocusBack } from "@/shared/ui/useFocusBack";
import css from "./data.module.css";
import { FormActions } from "./FormActions";
import type { FixInput, FixResult, QualityFinding } from "./quality";

interface FixDialogProps {
  dataset: Dataset;
  kind: FixInput["kind"];
  finding: QualityFinding;
  onClose: () => void;
}

/** Says what a fix will change, and does it. */
export function FixDialog({ dataset, kind, finding, onClose }: FixDialogProps) {
  const t = useText();
  const notify = useNotify();
  const errorText = useErrorText();
  const { formatList } = useIntl();
  const fix = useChange(
    async (input: FixInput) => {
      const { changed, removed } = await api.post<FixResult>(`/datasets/${dataset.id}/fixes`, input);
      // Here, because the finding goes with this dialog before the change counts as done.
      notify(t(changed + removed === 0 ? "data.fix.nothing" : `data.fix.done.${kind}`, { events: changed + removed }));
      onClose();
    },
    [["datasets"]],
  );
  useFocusBack();
  const title = t(`data.fix.title.${kind}`);
  return (
    <Modal opened onClose={onClose} centered withCloseButton={false} attributes={{ content: { "aria-label": title } }}>
      <form
        className={css.fields}
        onSubmit={(event) => {
          event.preventDefault();
          fix.mutate({ kind });
        }}
      >
        <h2 className={css.section}>{title}</h2>
        <p className={css.modalText}>
          <T id={`data.fix.text.${kind}`} values={{ events: finding.fixable, name: dataset.name }} />
        </p>
        {kind === "similar_steps" && (
          <ul className={css.examples}>
            {finding.examples.map(({ values: [kept, ...others] }) => (
              <li key={kept}>{t("data.fix.becomes", { others: formatList(others.map((name) => t("data.quality.example.quoted", { value: name })), { type: "unit" }), count: others.length, kept })}</li>
            ))}
          </ul>
        )}
        {fix.error && <Note tone="danger">{errorText(fix.error)}</Note>}
        <FormActions color="red" loading={fix.isPending} onCancel={onClose}>
          {t(`data.fix.action.${kind}`)}
        </FormActions>
        <p role="status" className="small muted" style={{ margin: 0 }}>
          {fix.isPending && t("data.fix.running")}
        </p>
      </form>
    </Modal>
  );
}
