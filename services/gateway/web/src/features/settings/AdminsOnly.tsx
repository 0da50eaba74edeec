import { IconLock } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useMe, usePeople } from "@/api/hooks";
import { useText } from "@/messages";
import { EmptyState } from "@/shared/ui";

/** Shows its content to administrators and says to everybody else why there is none. */
export function AdminsOnly({ children }: { children: ReactNode }) {
  const t = useText();
  const isAdmin = useMe().data?.user.role === "admin";
  const people = usePeople(!isAdmin).data ?? [];
  if (isAdmin) return children;
  const admins = people.filter((user) => user.role === "admin" && !user.is_disabled).map((user) => user.username);
  const admin = admins.sort(new Intl.Collator().compare)[0];
  const text = admin ? t("settings.admins_only_ask", { admin }) : t("settings.admins_only_text");
  return <EmptyState icon={<IconLock size={22} stroke={1.7} />} title={t("settings.admins_only")} text={text} />;
}
