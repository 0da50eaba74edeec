import { Skeleton } from "@mantine/core";
import { useHotkeys } from "@mantine/hooks";
import { Link, Outlet, useLocation, useNavigate, useSearch } from "@tanstack/react-router";
import { lazy, Suspense, useEffect, useState, type ReactNode } from "react";
import { ApiError } from "@/api/client";
import { useMe } from "@/api/hooks";
import { loadMessages, useText } from "@/messages";
import { HELP_PAGES, helpPageFor, withHelp } from "@/shared/helpPages";
import { useScope } from "@/shared/scope";
import { scopeOf, type AppSearch } from "@/shared/search";
import { ErrorState } from "@/shared/ui";
import { useChangedDatasets } from "./changedDatasets";
import { Logo } from "./Logo";
import { NewEvents } from "./NewEvents";
import { OfflineBar } from "./OfflineBar";
import { MAIN_PAGES, MORE_PAGES, PHONE_PAGES, type SectionPage } from "./pages";
import css from "./shell.module.css";

const TopBar = lazy(() => import("./TopBar"));
const PhoneMore = lazy(() => import("./PhoneMore"));
const Notices = lazy(() => import("./Notices"));
// Loaded with every page though closed: help must be there without a connection too.
const HelpDrawer = lazy(async () => {
  const [drawer] = await Promise.all([import("@/features/help/HelpDrawer"), import("@/features/help/HelpPage"), loadMessages("help")]);
  return drawer;
});
const SearchDialog = lazy(() => import("./SearchDialog"));

/** The frame of every page behind the sign-in: top bar, rail or bottom navigation, content. */
export function Shell(): ReactNode {
  const me = useMe();
  const isSignedOut = me.error instanceof ApiError && me.error.status === 401;
  if (me.isError && !isSignedOut) return <ErrorState error={me.error} onRetry={() => void me.refetch()} />;
  return me.data ? <Frame /> : null;
}

function Frame() {
  const t = useText();
  const navigate = useNavigate();
  const { pathname } = useLocation();
  const [isSearchOpen, setSearchOpen] = useState(false);
  const openSearch = (): void => setSearchOpen(true);
  const search: AppSearch = useSearch({ strict: false });
  const help = HELP_PAGES.find((page) => page === search["help"]) ?? null;
  useScopeInAddress();
  useChangedDatasets();
  useHotkeys([
    ["mod+K", openSearch],
    ["shift+?", () => pathname.startsWith("/help") || void navigate({ to: ".", search: withHelp(helpPageFor(pathname)) })],
  ]);
  return (
    <div className={css.shell}>
      <a className={css.skip} href="#content">
        {t("shell.skip")}
      </a>
      <header className={css.top}>
        <Suspense fallback={<TopBarShape />}>
          <TopBar onSearch={openSearch} />
        </Suspense>
      </header>
      <nav className={css.rail} aria-label={t("shell.main_navigation")}>
        <Link to="/" className={css.logo} aria-label={t("shell.home_logo")} search={scopeOf}>
          <Logo />
        </Link>
        {MAIN_PAGES.map((page) => (
          <NavLink key={page.to} page={page} />
        ))}
        <div className={css.spacer} />
        {MORE_PAGES.map((page) => (
          <NavLink key={page.to} page={page} />
        ))}
      </nav>
      <div className={css.notice}>
        <OfflineBar />
      </div>
      <main id="content" className={css.content} tabIndex={-1}>
        <Outlet />
      </main>
      <div className={css.news}>
        <NewEvents />
      </div>
      <nav className={css.bottomNav} aria-label={t("shell.main_navigation")}>
        {PHONE_PAGES.map((page) => (
          <NavLink key={page.to} page={page} />
        ))}
        <Suspense>
          <PhoneMore onSearch={openSearch} />
        </Suspense>
      </nav>
      <Suspense>
        <Notices />
      </Suspense>
      <Suspense>
        <HelpDrawer name={help} onClose={() => void navigate({ to: ".", search: withHelp(undefined) })} />
      </Suspense>
      {isSearchOpen && (
        <Suspense>
          <SearchDialog onClose={() => setSearchOpen(false)} />
        </Suspense>
      )}
    </div>
  );
}

/** The top bar's shape while it loads, so that nothing jumps. */
function TopBarShape() {
  return (
    <>
      <Skeleton height={34} width={150} radius="sm" />
      <div className={css.spacer} />
      <Skeleton height={34} circle />
    </>
  );
}

function NavLink({ page: { to, name, Icon } }: { page: SectionPage }) {
  const t = useText();
  const { pathname } = useLocation();
  const isActive = to === "/" ? pathname === "/" : pathname.startsWith(to);
  return (
    <Link to={to} search={scopeOf} className={css.railLink} data-active={isActive} aria-current={isActive ? "page" : undefined}>
      <Icon size={20} stroke={1.7} />
      {t(`shell.nav.${name}`)}
    </Link>
  );
}

/** Writes the dataset in use into the address, so that a copied link shows the same. */
function useScopeInAddress(): void {
  const { datasetId } = useScope();
  const navigate = useNavigate();
  const search: AppSearch = useSearch({ strict: false });
  const isMissing = datasetId !== null && !search.dataset;
  useEffect(() => {
    if (isMissing) void navigate({ to: ".", replace: true, search: (former: AppSearch) => ({ dataset: datasetId, ...former }) });
  }, [isMissing, datasetId, navigate]);
}
