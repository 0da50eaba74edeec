import "@mantine/spotlight/styles.layer.css";
import { createSpotlight, Spotlight, type SpotlightActionData, type SpotlightActionGroupData } from "@mantine/spotlight";
import { IconDatabase, IconFileImport, IconHelp, IconPlus, IconSearch } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { useEffect } from "react";
import { useDatasets } from "@/api/hooks";
import { useText } from "@/messages";
import { useDatasetSwitch } from "@/shared/datasetSwitch";
import { HELP_PAGES, withHelp } from "@/shared/helpPages";
import { scopeOf, type AppSearch } from "@/shared/search";
import { foldText } from "@/shared/text";
import { useFocusBack } from "@/shared/ui/useFocusBack";
import css from "./shell.module.css";

const [store, spotlight] = createSpotlight();
const PAGES = ["/", "/explore/map", "/explore/variants", "/explore/models", "/reports", "/data/datasets", "/data/imports", "/history", "/settings/account", "/settings/telegram", "/settings/team", "/settings/tokens"] as const;

/** Search for pages, datasets, help and actions (Ctrl K). */
export default function SearchDialog({ onClose }: { onClose: () => void }) {
  const t = useText();
  const navigate = useNavigate();
  const datasets = useDatasets().data ?? [];
  const switchTo = useDatasetSwitch();
  useEffect(() => spotlight.open(), []);
  useFocusBack();

  const item = (id: string, label: string, onClick: () => void, description?: string): SpotlightActionData => ({
    id,
    label,
    onClick,
    ...(description && { description }),
  });
  const groups: SpotlightActionGroupData[] = [
    {
      group: t("shell.search.actions"),
      actions: [
        { ...item("new-import", t("shell.search.new_import"), () => void navigate({ to: "/data/imports/new", search: scopeOf })), leftSection: <IconFileImport size={18} stroke={1.7} /> },
        { ...item("new-dataset", t("shell.new_dataset"), () => void navigate({ to: "/data/datasets", search: (former: AppSearch) => ({ ...scopeOf(former), new: "1" }) })), leftSection: <IconPlus size={18} stroke={1.7} /> },
      ],
    },
    { group: t("shell.search.pages"), actions: PAGES.map((to) => item(to, t(`shell.page.${to}`), () => void navigate({ to, search: scopeOf }))) },
    {
      group: t("shell.datasets"),
      actions: datasets.map((dataset) => ({
        ...item(dataset.id, dataset.name, () => switchTo(dataset.id), t("shell.dataset_events", { count: dataset.events })),
        leftSection: <IconDatabase size={18} stroke={1.7} />,
      })),
    },
    {
      group: t("shell.nav.help"),
      actions: HELP_PAGES.map((page) => ({
        ...item(`help-${page}`, t(`shell.help.${page}`), () => void navigate({ to: ".", search: withHelp(page) })),
        leftSection: <IconHelp size={18} stroke={1.7} />,
      })),
    },
  ];

  return (
    <Spotlight
      store={store}
      actions={groups}
      shortcut={null}
      highlightQuery={false}
      scrollable
      scrollAreaProps={{ viewportProps: { tabIndex: 0 } }}
      attributes={{ content: { "aria-label": t("shell.search") } }}
      maxHeight="60vh"
      overlayProps={{ backgroundOpacity: 0.35, blur: 0 }}
      classNames={{ content: css.spotContent ?? "", action: css.spotAction ?? "", actionsGroup: css.spotGroup ?? "" }}
      nothingFound={t("shell.search.nothing")}
      filter={(query, actions) =>
        actions
          .map((group) => ("actions" in group ? { ...group, actions: group.actions.filter((action) => foldText(action.label ?? "").includes(foldText(query))) } : group))
          .filter((group) => !("actions" in group) || group.actions.length > 0)
      }
      searchProps={{ leftSection: <IconSearch size={18} stroke={1.7} />, placeholder: t("shell.search.placeholder"), "aria-label": t("shell.search.placeholder") }}
      onSpotlightClose={onClose}
    />
  );
}
