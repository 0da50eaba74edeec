import { IconDatabaseOff } from "@tabler/icons-react";
import type { Dataset } from "@/api/types";
import { useText } from "@/messages";
import { useScopeIn } from "@/shared/scope";
import { Card, EmptyState, LinkButton } from "@/shared/ui";

/** What a dataset without events shows below its title, where events are added: the other way to fill it. */
export function NoEvents({ dataset }: { dataset: Dataset }) {
  const t = useText();
  const search = useScopeIn()(dataset.id);
  return (
    <Card>
      <EmptyState icon={<IconDatabaseOff size={22} stroke={1.7} />} title={t("data.no_events")} text={t("data.no_events_text")}>
        <LinkButton variant="default" to="/help/$page" params={{ page: "api" }} search={search}>
          {t("data.connect_api")}
        </LinkButton>
      </EmptyState>
    </Card>
  );
}
