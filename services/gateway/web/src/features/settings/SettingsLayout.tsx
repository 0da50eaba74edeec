import { Outlet } from "@tanstack/react-router";
import { useMe } from "@/api/hooks";
import { useText } from "@/messages";
import { TabBar } from "@/shared/ui";

/** Settings: tabs and the chosen page; analysts see only what is theirs. */
export default function SettingsLayout() {
  const t = useText();
  const isAdmin = useMe().data?.user.role === "admin";
  const names = ["account", "telegram", ...(isAdmin ? ["team", "tokens"] : [])];
  return (
    <>
      <TabBar label={t("settings.title")} tabs={names.map((name) => ({ to: `/settings/${name}`, label: t(`settings.tab.${name}`) }))} />
      <Outlet />
    </>
  );
}
