import { Modal, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { useText } from "@/messages";
import { afterPress } from "@/shared/afterPress";
import { Note, useErrorText } from "@/shared/ui";
import { useFocusBack } from "@/shared/ui/useFocusBack";
import data from "../data.module.css";
import { FormActions } from "../FormActions";
import { addressProblem, fetchHead, type Remote } from "./remote";

interface AddressDialogProps {
  /** What was entered before, so that closing the dialog loses nothing. */
  url: string;
  /** Why the file that was read cannot be used. */
  problem: string | null;
  onChange: (url: string) => void;
  onUse: (file: File, remote: Remote) => Promise<void>;
  onClose: () => void;
}

/** Takes the address of a file; the server reads its beginning, and all of it when it is checked. */
export function AddressDialog({ url, problem, onChange, onUse, onClose }: AddressDialogProps) {
  const t = useText();
  const errorText = useErrorText();
  const field = useRef<HTMLInputElement>(null);
  useFocusBack();
  const leaving = useRef(new AbortController());
  useEffect(() => {
    const controller = new AbortController();
    leaving.current = controller;
    return () => controller.abort();
  }, []);
  const form = useForm({
    initialValues: { url },
    validate: {
      url: (value) => {
        const code = addressProblem(value);
        return code && t(`wizard.address_problem.${code}`);
      },
    },
    onValuesChange: (values) => onChange(values.url),
    onSubmitPreventDefault: "always",
  });
  const read = useMutation({
    mutationFn: async (address: string) => {
      const { signal } = leaving.current;
      const { file, remote } = await fetchHead(address, signal);
      if (!signal.aborted) await onUse(file, remote);
    },
    onError: (error) => {
      form.setFieldError("url", errorText(error));
      field.current?.focus();
    },
  });
  return (
    <Modal opened onClose={onClose} centered size="lg" withCloseButton={false} attributes={{ content: { "aria-label": t("wizard.address_title") } }}>
      <form className={data.fields} onSubmit={form.onSubmit((values) => read.mutate(values.url.trim()), (_, __, event) => (event?.currentTarget as HTMLElement | undefined)?.querySelector("input")?.focus())} noValidate>
        <h2 className={data.section}>{t("wizard.address_title")}</h2>
        <TextInput
          ref={field}
          type="url"
          label={t("wizard.address_label")}
          description={t("wizard.address_text")}
          placeholder={t("wizard.address_example")}
          autoComplete="off"
          spellCheck={false}
          readOnly={read.isPending}
          data-autofocus
          {...form.getInputProps("url")}
          // Whoever leaves the field empty is only on the way to Cancel.
          onBlur={afterPress(() => form.values.url.trim() !== "" && void form.validateField("url"))}
        />
        {problem && <Note tone="danger">{problem}</Note>}
        {read.isPending && <p role="status">{t("wizard.address_reading")}</p>}
        <FormActions loading={read.isPending} onCancel={onClose}>
          {t("wizard.address_use")}
        </FormActions>
      </form>
    </Modal>
  );
}
