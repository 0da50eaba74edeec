import { Button } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconCheck } from "@tabler/icons-react";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { flushSync } from "react-dom";
import { api } from "@/api/client";
import { useText } from "@/messages";
import { useScope } from "@/shared/scope";
import { scopeOf, type AppSearch } from "@/shared/search";
import { LoadingBlock, Note, PageTitle } from "@/shared/ui";
import { useUndo } from "@/shared/ui/undo";
import { CheckStep } from "./CheckStep";
import { ColumnsStep } from "./ColumnsStep";
import { dropDraft, emptyDraft, loadDraft, saveDraft, STEPS, type Draft, type StepName, type StepProps } from "./draft";
import { FileStep } from "./FileStep";
import { ImportStep } from "./ImportStep";
import { JourneysStep } from "./JourneysStep";
import { readSample, type Sample } from "./sample";
import { useOtherTab } from "./useOtherTab";
import css from "./wizard.module.css";

const HEADING = "wizard-heading";

/** Ends the offer to bring back the draft thrown away last, which outlives the page. */
let endOffer = (): void => undefined;

/** Import wizard: file, columns, check, journeys, import. A draft outlives the page for seven days. */
export default function WizardPage() {
  const t = useText();
  const navigate = useNavigate();
  const offerUndo = useUndo();
  const { dataset } = useScope();
  const [draft, setDraft] = useState<Draft | null>(null);
  const [file, setFile] = useState<File | null>(null);
  const [sample, setSample] = useState<Sample | null>(null);
  const [isResumed, setResumed] = useState(false);
  const isElsewhere = useOtherTab();
  const { into }: AppSearch = useSearch({ strict: false });
  // Other data beside the journeys of a dataset would spoil them, so a full one is offered only where it was asked for.
  const target = dataset?.access.can_write && (into !== undefined || dataset.events === 0) ? dataset.id : null;

  useEffect(() => {
    let isGone = false;
    endOffer();
    void (async () => {
      const kept = await loadDraft();
      const read = kept && (await readSample(kept.file, kept.draft).catch(() => null));
      if (isGone) return;
      if (kept && read) {
        setFile(kept.file);
        setSample(read);
        setDraft(kept.draft);
        setResumed(true);
      } else setDraft(emptyDraft(null));
    })();
    return () => {
      isGone = true;
    };
  }, []);

  useEffect(() => {
    if (draft && file && draft.importId === null) void saveDraft(draft, file);
  }, [draft, file]);

  const isImporting = draft !== null && draft.importId !== null;
  useEffect(() => {
    // The button that had the focus is gone.
    if (isImporting) document.getElementById(HEADING)?.focus();
  }, [isImporting]);

  if (!draft) {
    return (
      <div className={css.page}>
        <PageTitle title={t("wizard.title")} />
        <LoadingBlock height={420} />
      </div>
    );
  }

  const at = STEPS.indexOf(draft.step);
  const change = (part: Partial<Draft>): void => setDraft((former) => former && { ...former, ...part });
  const goTo = (step: StepName): void => {
    flushSync(() => change({ step }));
    document.getElementById("content")?.scrollTo({ top: 0 });
    document.getElementById(HEADING)?.focus();
  };
  const accept = (chosen: File, read: Sample, part: Partial<Draft>): void => {
    // The next draft is kept in the place of the one thrown away.
    endOffer();
    setFile(chosen);
    setSample(read);
    setResumed(false);
    change(part);
  };

  /** Clears the page and the kept draft at once; what the server checked for it alone goes when nobody wants it back. */
  function discard(former: Draft, formerFile: File) {
    const show = (next: Draft, nextFile: File | null, nextSample: Sample | null) => {
      setFile(nextFile);
      setSample(nextSample);
      setResumed(false);
      setDraft(next);
    };
    flushSync(() => show(emptyDraft(null), null, null));
    void dropDraft();
    document.getElementById(HEADING)?.focus();
    const noteId = offerUndo(
      t("wizard.discarded", { file: formerFile.name }),
      () => {
        show(former, formerFile, sample);
        // A page that opens anew looks for it in the store.
        void saveDraft(former, formerFile).then(() => navigate({ to: "/data/imports/new", search: scopeOf }));
      },
      () => {
        if (former.datasetId === null && former.checkId !== null) void api.delete(`/imports/${former.checkId}`).catch(() => undefined);
      },
    );
    endOffer = () => void notifications.hide(noteId);
  }

  const step: StepProps | null = file && sample ? { draft, change, file, sample, goTo } : null;
  return (
    <div className={css.page}>
      <PageTitle
        title={t("wizard.title")}
        lead={isResumed && file ? t("wizard.resumed", { file: file.name }) : t("wizard.lead")}
        actions={
          file &&
          draft.importId === null && (
            <Button variant="subtle" c="var(--danger)" onClick={() => discard(draft, file)}>
              {t("wizard.discard")}
            </Button>
          )
        }
      />
      <div role="status">{isElsewhere && file && draft.importId === null && <Note tone="warn">{t("wizard.other_tab")}</Note>}</div>
      <div className={css.body}>
        <nav aria-label={t("wizard.steps")} className={css.steps}>
          <p className={css.phoneStep}>{t("wizard.step_of", { at: at + 1, total: STEPS.length, name: t(`wizard.step.${draft.step}`) })}</p>
          <ol>
            {STEPS.map((name, index) => (
              <li key={name}>
                <button
                  type="button"
                  className={css.step}
                  data-state={index < at ? "done" : index === at ? "now" : "later"}
                  aria-current={index === at ? "step" : undefined}
                  disabled={index >= at || draft.importId !== null}
                  onClick={() => goTo(name)}
                >
                  <span className={css.stepMark}>{index < at ? <IconCheck size={14} stroke={2.4} /> : index + 1}</span>
                  {t(`wizard.step.${name}`)}
                </button>
              </li>
            ))}
          </ol>
        </nav>
        <section className={css.content}>
          <h2 className={css.stepTitle} tabIndex={-1} id={HEADING}>
            {t(`wizard.heading.${draft.step}`)}
          </h2>
          {(draft.step === "file" || !step) && <FileStep draft={draft} change={change} file={file} sample={sample} suggestedDatasetId={target} onAccept={accept} onNext={() => goTo("columns")} />}
          {step && draft.step === "columns" && <ColumnsStep {...step} />}
          {step && draft.step === "check" && <CheckStep {...step} />}
          {step && draft.step === "journeys" && <JourneysStep {...step} />}
          {step && draft.step === "import" && <ImportStep {...step} />}
        </section>
      </div>
    </div>
  );
}
