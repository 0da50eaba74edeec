import { useText } from "@/messages";
import { TabBar } from "@/shared/ui";

/** The tabs of Data. */
export function DataTabs() {
  const t = useText();
  return (
    <TabBar
      label={t("shell.nav.data")}
      tabs={[
        { to: "/data/datasets", label: t("data.datasets") },
        { to: "/data/imports", label: t("data.imports") },
      ]}
    />
  );
}
