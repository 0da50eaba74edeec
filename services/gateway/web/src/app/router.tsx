import { createRootRoute, createRoute, createRouter, lazyRouteComponent, Outlet, redirect } from "@tanstack/react-router";
import type { ComponentType } from "react";
import { loadMessages } from "@/messages";
import { parseSearch, scopeOf, stringifySearch, type AppSearch } from "@/shared/search";
import { NotFound, PageFailed } from "./NotFound";
import { Shell } from "./Shell";

/** Gives a module whose default export is the page; not typed closer, because pages are typed by the router. */
type PageLoad = () => Promise<object>;

/** A page loaded on first visit together with the messages of the features it speaks for. */
function page(features: string[], load: PageLoad) {
  return lazyRouteComponent(async () => {
    const [module] = await Promise.all([load(), loadMessages(...features)]);
    return module as { default: ComponentType };
  }, "default");
}

const root = createRootRoute({
  validateSearch: (search: Record<string, unknown>) => search as AppSearch,
  component: Outlet,
});

const signIn = createRoute({ getParentRoute: () => root, path: "/signin", component: page(["auth"], () => import("@/features/auth/SignInPage")) });

const shell = createRoute({ getParentRoute: () => root, id: "shell", component: Shell });
const under = <Path extends string>(path: Path, features: string[], load: PageLoad) =>
  createRoute({ getParentRoute: () => shell, path, component: page(features, load) });

const explore = under("/explore", ["explore", "filters"], () => import("@/features/explore/ExploreLayout"));
const inExplore = <Path extends string>(path: Path, load: PageLoad) =>
  createRoute({ getParentRoute: () => explore, path, component: page(["explore", "filters"], load) });

const settings = under("/settings", ["settings"], () => import("@/features/settings/SettingsLayout"));
const inSettings = <Path extends string>(path: Path, load: PageLoad) =>
  createRoute({ getParentRoute: () => settings, path, component: page(["settings"], load) });

/** Sends an address without a page of its own on to the first page below it, with the scope. */
const forward = <Path extends string>(parent: typeof shell | typeof explore | typeof settings, path: Path, target: { to: string; params?: Record<string, string> }) =>
  createRoute({
    getParentRoute: () => parent as typeof shell,
    path,
    beforeLoad: ({ search }) => {
      // eslint-disable-next-line @typescript-eslint/only-throw-error -- the router's way to redirect
      throw redirect({ ...target, search: scopeOf(search), replace: true });
    },
  });

const routeTree = root.addChildren([
  signIn,
  shell.addChildren([
    under("/", ["home", "filters"], () => import("@/features/home/HomePage")),
    explore.addChildren([
      forward(explore, "/", { to: "/explore/map" }),
      inExplore("/map", () => import("@/features/explore/MapPage")),
      inExplore("/variants", () => import("@/features/explore/VariantsPage")),
      inExplore("/models", () => import("@/features/explore/ModelsPage")),
    ]),
    under("/reports", ["reports", "filters"], () => import("@/features/reports/ReportsPage")),
    under("/history/analyses/$analysisId", ["history", "explore", "filters"], () => import("@/features/history/FrozenPage")),
    under("/history", ["history", "filters", "data"], () => import("@/features/history/HistoryPage")),
    forward(shell, "/data", { to: "/data/datasets" }),
    under("/data/datasets", ["data", "home"], () => import("@/features/data/DatasetsPage")),
    under("/data/datasets/$datasetId", ["data"], () => import("@/features/data/DatasetPage")),
    under("/data/imports", ["data"], () => import("@/features/data/ImportsPage")),
    under("/data/imports/new", ["data", "wizard", "home"], () => import("@/features/data/wizard/WizardPage")),
    under("/data/imports/$importId", ["data"], () => import("@/features/data/ImportPage")),
    settings.addChildren([
      forward(settings, "/", { to: "/settings/account" }),
      inSettings("/account", () => import("@/features/settings/AccountPage")),
      inSettings("/telegram", () => import("@/features/settings/TelegramPage")),
      inSettings("/team", () => import("@/features/settings/TeamPage")),
      inSettings("/tokens", () => import("@/features/settings/TokensPage")),
      inSettings("/tokens/$tokenId", () => import("@/features/settings/LiveDebuggerPage")),
    ]),
    forward(shell, "/help", { to: "/help/$page", params: { page: "start" } }),
    under("/help/$page", ["help"], () => import("@/features/help/HelpPage")),
    createRoute({ getParentRoute: () => shell, path: "$", component: NotFound }),
  ]),
]);

export const router = createRouter({
  routeTree,
  parseSearch,
  stringifySearch,
  defaultErrorComponent: PageFailed,
  defaultPreload: "intent",
  defaultPendingMs: 150,
  scrollRestoration: true,
  scrollToTopSelectors: ["#content"],
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
