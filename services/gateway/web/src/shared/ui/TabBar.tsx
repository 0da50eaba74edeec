import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { scopeOf } from "@/shared/search";
import css from "./TabBar.module.css";

interface TabBarProps {
  label: string;
  tabs: { to: string; label: string }[];
  /** Actions of the current tab, at the right. */
  actions?: ReactNode;
}

/** Sub-pages of a rail entry as tabs that are links; they keep the scope. */
export function TabBar({ label, tabs, actions }: TabBarProps) {
  return (
    <div className={css.bar}>
      <nav className={`sideways ${css.tabs}`} aria-label={label}>
        {tabs.map((tab) => (
          <Link key={tab.to} to={tab.to} className={css.tab} search={scopeOf} activeOptions={{ includeSearch: false }}>
            {tab.label}
          </Link>
        ))}
      </nav>
      {actions && <div className={css.actions}>{actions}</div>}
    </div>
  );
}
