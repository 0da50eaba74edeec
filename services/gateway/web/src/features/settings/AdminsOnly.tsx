import { IconLock } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useMe } from "@/api/hooks";
import { useText } from "@/messages";
import { EmptyState } from "@/shared/ui";

/** Shows its content to administrators and says to everybody else why there is none. */
export function AdminsOnly({ children }: { children: ReactNode }) {
  const t = useText();
  if (useMe().data?.user.role === "admin") return children;
  return <EmptyState icon={<IconLock size={22} stroke={1.7} />} title={t("settings.admins_only")} text={t("settings.admins_only_text")} />;
}
