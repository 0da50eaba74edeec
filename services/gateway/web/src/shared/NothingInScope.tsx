import { Button } from "@mantine/core";
import { IconFilterOff } from "@tabler/icons-react";
import { useText } from "@/messages";
import { useScope } from "@/shared/scope";
import { EmptyState } from "@/shared/ui";

/** Nothing of the data lies in the scope; leads back to all of it. */
export function NothingInScope({ title }: { title: string }) {
  const t = useText();
  const { setScope } = useScope();
  return (
    <EmptyState icon={<IconFilterOff size={22} stroke={1.7} />} title={title} text={t("common.scope_empty_text")}>
      <Button variant="default" onClick={() => setScope({ filters: [], from: null, to: null })}>
        {t("common.all_data")}
      </Button>
    </EmptyState>
  );
}
