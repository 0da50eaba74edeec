import type { AppSearch } from "./search";

/** Help pages in reading order. */
export const HELP_PAGES = ["start", "data", "import", "map", "models", "reports", "api", "glossary", "shortcuts"] as const;
export type HelpPageName = (typeof HELP_PAGES)[number];

/** The search of a link that opens a help page beside the page in use; undefined closes it. */
export const withHelp = (page: HelpPageName | undefined) => (former: AppSearch): AppSearch => ({ ...former, help: page });

/** The Help page that belongs to a screen. */
export function helpPageFor(pathname: string): HelpPageName {
  if (pathname.startsWith("/explore/models")) return "models";
  if (pathname.startsWith("/explore")) return "map";
  if (pathname.startsWith("/reports")) return "reports";
  if (pathname.startsWith("/data/imports")) return "import";
  if (pathname.startsWith("/data")) return "data";
  if (pathname.startsWith("/settings/tokens")) return "api";
  return "start";
}
