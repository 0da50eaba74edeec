import { Button } from "@mantine/core";
import { IconDatabaseOff, IconLock } from "@tabler/icons-react";
import { Link, Outlet } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useDatasets, useDirectlyFollows } from "@/api/hooks";
import type { Dataset } from "@/api/types";
import { useText } from "@/messages";
import { FilterBar } from "@/shared/filters";
import { NothingInScope } from "@/shared/NothingInScope";
import { useScope } from "@/shared/scope";
import { EmptyState, ErrorState, LinkButton, TabBar } from "@/shared/ui";
import css from "./explore.module.css";
import { journeysOf, type Graph } from "./model/graph";

/** Explore: the filter bar, then the chosen view with its tabs. */
export default function ExploreLayout() {
  return (
    <div className={css.explore}>
      <FilterBar />
      <Outlet />
    </div>
  );
}

/** The tabs of Explore with the actions of the open one. */
export function ExploreTabs({ actions }: { actions?: ReactNode }) {
  const t = useText();
  const tabs = [
    { to: "/explore/map", label: t("explore.tab.map") },
    { to: "/explore/variants", label: t("explore.tab.variants") },
    { to: "/explore/models", label: t("explore.tab.models") },
  ];
  return <TabBar label={t("explore.tabs")} tabs={tabs} actions={actions} />;
}

/** What a view of Explore needs: a dataset that may be analysed, and the graph of all its steps in the scope. */
export interface Ready {
  dataset: Dataset;
  full: Graph;
  /** The answer is the one of the scope before; the new one is on its way. */
  isStale: boolean;
}

/**
 * What a view of Explore needs, or in its place what is missing and what to do; neither while it is on its way.
 */
export function useReady(): { ready: Ready; missing?: never } | { ready: null; missing: ReactNode } {
  const { datasetId, dataset, question } = useScope();
  const datasets = useDatasets();
  const mayAnalyse = dataset?.access.can_analyse ?? false;
  const full = useDirectlyFollows(datasetId, question, mayAnalyse);
  if (!dataset) return { ready: null, missing: datasets.isPending ? null : <NoDataset datasets={datasets} /> };
  if (mayAnalyse && full.isPending) return { ready: null, missing: null };
  const isEmpty = full.data !== undefined && !full.isPlaceholderData && journeysOf(full.data) === 0;
  if (!mayAnalyse || !full.data || isEmpty) return { ready: null, missing: <NoJourneys dataset={dataset} full={full} /> };
  return { ready: { dataset, full: full.data, isStale: full.isPlaceholderData } };
}

/**
 * Draws the view once its data is there, and otherwise says what is missing and what to do.
 *
 * Args:
 *   tabs: stand above what is said, where the view brings its own tabs.
 *   shape: the view in grey, while its data is on its way.
 */
export function WhenReady({ tabs, shape, children }: { tabs?: ReactNode; shape: ReactNode; children: (ready: Ready) => ReactNode }) {
  const { ready, missing } = useReady();
  if (ready) return children(ready);
  return (
    <>
      {tabs}
      {missing ?? shape}
    </>
  );
}

/** The list failed, or holds none; asking for it here as well would ask again for what just failed. */
function NoDataset({ datasets }: { datasets: ReturnType<typeof useDatasets> }) {
  const t = useText();
  if (datasets.isError) return <ErrorState error={datasets.error} onRetry={() => void datasets.refetch()} />;
  if (datasets.data?.length === 0) {
    return (
      <EmptyState icon={<IconDatabaseOff size={22} stroke={1.7} />} title={t("explore.none_yet")} text={t("explore.none_yet_text")}>
        <LinkButton to="/">{t("common.go_home")}</LinkButton>
      </EmptyState>
    );
  }
  return (
    <EmptyState icon={<IconDatabaseOff size={22} stroke={1.7} />} title={t("explore.no_dataset")} text={t("explore.no_dataset_text")}>
      <Button component={Link} to="/data/datasets">
        {t("explore.open_datasets")}
      </Button>
    </EmptyState>
  );
}

/** Not allowed, failed, or nothing in the scope. */
function NoJourneys({ dataset, full }: { dataset: Dataset; full: ReturnType<typeof useDirectlyFollows> }) {
  const t = useText();
  const { name, owner } = dataset;
  if (!dataset.access.can_analyse) {
    const text = t("explore.not_allowed_text", { name, owner });
    return <EmptyState icon={<IconLock size={22} stroke={1.7} />} title={t("explore.not_allowed", { name })} text={text} />;
  }
  if (full.isError) return <ErrorState error={full.error} onRetry={() => void full.refetch()} />;
  if (dataset.events > 0) return <NothingInScope title={t("explore.empty")} />;
  return (
    <EmptyState icon={<IconDatabaseOff size={22} stroke={1.7} />} title={t("explore.no_events")} text={t("explore.no_events_text")}>
      <Button component={Link} to="/data/imports/new">
        {t("explore.import")}
      </Button>
    </EmptyState>
  );
}
