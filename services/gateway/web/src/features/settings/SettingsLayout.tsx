import { Outlet } from "@tanstack/react-router";
import { useText } from "@/messages";
import { TabBar } from "@/shared/ui";

const NAMES = ["account", "telegram", "team", "tokens"];

/** Settings: tabs and the chosen page; a page for administrators says so itself. */
export default function SettingsLayout() {
  const t = useText();
  return (
    <>
      <TabBar label={t("settings.title")} tabs={NAMES.map((name) => ({ to: `/settings/${name}`, label: t(`settings.tab.${name}`) }))} />
      <Outlet />
    </>
  );
}
