import type { HelpPageName } from "@/shared/helpPages";

/** How many paragraphs or entries each page has; the words are `help.<page>.<number>`. */
export const PARAGRAPHS: Record<HelpPageName, number> = { start: 5, data: 4, import: 6, map: 7, models: 5, reports: 5, api: 2, glossary: 0, shortcuts: 0 };
export const TERMS = ["step", "path", "move", "journey", "way", "goal", "main_way", "waiting_time", "dataset", "touchpoint", "customer", "mapping", "quality"] as const;
