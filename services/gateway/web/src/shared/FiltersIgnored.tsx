import { Button } from "@mantine/core";
import { useText } from "@/messages";
import { useScope } from "@/shared/scope";
import { Note } from "@/shared/ui";

/** Says of a view that counts all events of the period that it does so in spite of filters; nothing without filters. */
export function FiltersIgnored() {
  const t = useText();
  const { filters, setScope } = useScope();
  if (filters.length === 0) return null;
  return (
    <Note>
      {t("common.filters_ignored")}{" "}
      <Button variant="subtle" size="compact-sm" onClick={() => setScope({ filters: [] })}>
        {t("common.remove_filters")}
      </Button>
    </Note>
  );
}
