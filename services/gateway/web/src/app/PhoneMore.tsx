import { Menu } from "@mantine/core";
import { IconDots, IconSearch } from "@tabler/icons-react";
import { useLocation, useNavigate } from "@tanstack/react-router";
import { useRef } from "react";
import { useText } from "@/messages";
import { scopeOf } from "@/shared/search";
import { PHONE_MORE } from "./pages";
import css from "./shell.module.css";

/** The last entry of the bottom navigation: pages that have no place in it, and the search. */
export default function PhoneMore({ onSearch }: { onSearch: () => void }) {
  const t = useText();
  const navigate = useNavigate();
  const { pathname } = useLocation();
  const entry = useRef<HTMLButtonElement>(null);
  return (
    <Menu position="top-end" width={200}>
      <Menu.Target>
        <button ref={entry} type="button" className={css.railLink} data-active={PHONE_MORE.some((page) => pathname.startsWith(page.to))}>
          <IconDots size={20} stroke={1.7} />
          {t("shell.nav.more")}
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        {PHONE_MORE.map(({ to, name, Icon }) => (
          <Menu.Item key={to} leftSection={<Icon size={16} stroke={1.7} />} onClick={() => void navigate({ to: to, search: scopeOf })}>
            {t(`shell.nav.${name}`)}
          </Menu.Item>
        ))}
        <Menu.Item
          leftSection={<IconSearch size={16} stroke={1.7} />}
          onClick={() => {
            // The search gives the focus back to what has it now, and this item goes with its menu.
            entry.current?.focus();
            onSearch();
          }}
        >
          {t("shell.search")}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
