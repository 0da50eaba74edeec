import { Button, TextInput } from "@mantine/core";
import { useState } from "react";
import { api } from "@/api/client";
import { useChange } from "@/api/hooks";
import type { Mapping, MappingInput } from "@/api/types";
import { useText } from "@/messages";
import { useErrorText } from "@/shared/ui";
import type { StepProps } from "./draft";
import { buildMapping } from "./roles";
import css from "./wizard.module.css";

/** Keeps the columns, and the names of steps if there are new ones, for the next file of the same shape. */
export function SaveMapping({ draft, sample }: Pick<StepProps, "draft" | "sample">) {
  const t = useText();
  const errorText = useErrorText();
  const [name, setName] = useState("");
  const save = useChange((input: MappingInput) => api.post<Mapping>("/mappings", input), [["mappings"]]);
  return (
    <form
      className={css.save}
      onSubmit={(event) => {
        event.preventDefault();
        if (name.trim()) save.mutate(buildMapping(name.trim(), draft, sample, draft.stepRules), { onSuccess: () => setName("") });
      }}
    >
      <TextInput
        label={t(draft.stepRules.length > 0 ? "wizard.save_mapping_steps" : "wizard.save_mapping")}
        description={t("wizard.save_mapping_text")}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        error={save.error && errorText(save.error)}
        maxLength={120}
        style={{ flex: "1 1 260px" }}
      />
      <Button type="submit" variant="default" disabled={!name.trim()} loading={save.isPending}>
        {t("wizard.save_mapping_do")}
      </Button>
      <span role="status" className="small muted">
        {save.isSuccess && t("wizard.mapping_saved", { name: save.data.name })}
      </span>
    </form>
  );
}
