import { IconMapPinOff } from "@tabler/icons-react";
import type { ErrorComponentProps } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useText } from "@/messages";
import { scopeOf } from "@/shared/search";
import { EmptyState, ErrorState, LinkButton, PageBody, PageTitle } from "@/shared/ui";

/** Shown for an address that leads nowhere. */
export function NotFound(): ReactNode {
  const t = useText();
  return (
    <PageBody>
      <PageTitle title={t("common.not_found")} lead={t("common.not_found_text")} />
      <EmptyState icon={<IconMapPinOff size={22} stroke={1.7} />} title={t("common.not_found_try")}>
        <LinkButton to="/" search={scopeOf}>
          {t("common.go_home")}
        </LinkButton>
      </EmptyState>
    </PageBody>
  );
}

/** Shown when a page's code fails or cannot be fetched. */
export function PageFailed({ error, reset }: ErrorComponentProps): ReactNode {
  return (
    <PageBody>
      <ErrorState error={error} onRetry={reset} />
    </PageBody>
  );
}
