import { Select } from "@mantine/core";
import { useEffect, useState } from "react";
import { useMappings } from "@/api/hooks";
import type { Mapping } from "@/api/types";
import { useText } from "@/messages";
import { ErrorState } from "@/shared/ui";
import { fits } from "./savedMapping";

const SHOWN_COLUMNS = 5;

/** The mapping chosen last, and which of its columns the file lacks; then it was not used. */
export interface ChosenMapping {
  name: string;
  missing: string[];
}

interface SavedMappingsProps {
  file: File;
  chosen: ChosenMapping | null;
  onChoose: (mapping: Mapping) => void;
}

/** The saved mappings; those that do not fit the file are marked, and say why when they are chosen. */
export function SavedMappings({ file, chosen, onChoose }: SavedMappingsProps) {
  const t = useText();
  const mappings = useMappings();
  const [unfit, setUnfit] = useState<readonly string[]>([]);
  useEffect(() => {
    let isGone = false;
    const judge = async (mapping: Mapping): Promise<string[]> => ((await fits(mapping, file)) ? [] : [mapping.id]);
    void Promise.all((mappings.data ?? []).map(judge)).then((ids) => {
      if (!isGone) setUnfit(ids.flat());
    });
    return () => {
      isGone = true;
    };
  }, [file, mappings.data]);

  if (mappings.isError) return <ErrorState error={mappings.error} onRetry={() => void mappings.refetch()} />;
  if (!mappings.data || mappings.data.length === 0) return null;
  const missing = chosen?.missing ?? [];
  return (
    <div>
      <Select
        label={t("wizard.saved_mappings")}
        description={t("wizard.saved_mappings_text")}
        placeholder={t("wizard.choose_mapping")}
        data={mappings.data.map(({ id, name }) => ({ value: id, label: unfit.includes(id) ? t("wizard.mapping_unfit", { name }) : name }))}
        value={null}
        onChange={(id) => {
          const mapping = mappings.data.find((candidate) => candidate.id === id);
          if (mapping) onChoose(mapping);
        }}
        error={
          chosen && missing.length > 0
            ? t("wizard.mapping_missing", { name: chosen.name, count: missing.length, columns: missing.slice(0, SHOWN_COLUMNS).join(", "), more: Math.max(0, missing.length - SHOWN_COLUMNS) })
            : undefined
        }
      />
      <span role="status" className="small muted">
        {chosen && missing.length === 0 && t("wizard.mapping_used", { name: chosen.name })}
      </span>
    </div>
  );
}
