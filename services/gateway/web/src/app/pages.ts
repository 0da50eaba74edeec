import { IconDatabase, IconHelp, IconHistory, IconHome, IconReportAnalytics, IconRoute, IconSettings } from "@tabler/icons-react";

/** Sections of the page; their addresses forward to the first page of the section. */
export const MAIN_PAGES = [
  { to: "/", name: "home", Icon: IconHome },
  { to: "/explore", name: "explore", Icon: IconRoute },
  { to: "/reports", name: "reports", Icon: IconReportAnalytics },
  { to: "/data", name: "data", Icon: IconDatabase },
  { to: "/history", name: "history", Icon: IconHistory },
] as const;

export const MORE_PAGES = [
  { to: "/help", name: "help", Icon: IconHelp },
  { to: "/settings", name: "settings", Icon: IconSettings },
] as const;

export const PHONE_PAGES = MAIN_PAGES.slice(0, 4);
export const PHONE_MORE = [MAIN_PAGES[4], ...MORE_PAGES];
/** Pages that show changes against the previous period; nowhere else the switch has anything to do. */
export const COMPARING_PAGES: readonly string[] = ["/", "/explore/map", "/reports"];
export type SectionPage = (typeof MAIN_PAGES | typeof MORE_PAGES)[number];
