import { Link } from "@tanstack/react-router";
import { createContext, useContext, type ReactNode } from "react";
import type { HelpPageName } from "@/shared/helpPages";
import { scopeOf, type AppSearch } from "@/shared/search";

/** Whether help stands in its drawer, beside the page in use, or is the page itself. */
export const IsInDrawer = createContext(false);

interface HelpLinkProps {
  page: HelpPageName;
  className?: string | undefined;
  rel?: string;
  children: ReactNode;
}

/** A link from help to help, which stays where help is. */
export function HelpLink({ page, ...rest }: HelpLinkProps) {
  const isInDrawer = useContext(IsInDrawer);
  if (!isInDrawer) return <Link to="/help/$page" params={{ page }} search={scopeOf} {...rest} />;
  return <Link to="." search={(former: AppSearch) => ({ ...former, help: page })} replace {...rest} />;
}
