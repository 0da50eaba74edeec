import { Menu, useMantineColorScheme, type MantineColorScheme } from "@mantine/core";
import { IconDeviceDesktop, IconHelp, IconLogout, IconMoon, IconSun, IconUser } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { useQueryClient } from "@tanstack/react-query";
import { signOut } from "@/api/client";
import { useMe } from "@/api/hooks";
import { useText } from "@/messages";
import { withHelp } from "@/shared/helpPages";
import { scopeOf } from "@/shared/search";
import css from "./shell.module.css";

const SCHEMES: { value: MantineColorScheme; Icon: typeof IconSun }[] = [
  { value: "light", Icon: IconSun },
  { value: "dark", Icon: IconMoon },
  { value: "auto", Icon: IconDeviceDesktop },
];

/** The person's menu: theme, account, help, sign out. */
export function AccountMenu() {
  const t = useText();
  const me = useMe().data;
  const navigate = useNavigate();
  const client = useQueryClient();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  if (!me) return null;

  async function leave() {
    await signOut();
    await navigate({ to: "/signin" });
    client.clear();
  }

  const name = me.user.username;
  return (
    <Menu position="bottom-end" width={230} withinPortal={false}>
      <Menu.Target>
        <button type="button" className={css.avatar} aria-label={t("shell.account", { name })}>
          {name.slice(0, 2).toUpperCase()}
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{t("shell.signed_in_as", { name })}</Menu.Label>
        <Menu.Item leftSection={<IconUser size={16} stroke={1.7} />} onClick={() => void navigate({ to: "/settings/account", search: scopeOf })}>
          {t("shell.account_settings")}
        </Menu.Item>
        <Menu.Item leftSection={<IconHelp size={16} stroke={1.7} />} onClick={() => void navigate({ to: ".", search: withHelp("shortcuts") })}>
          {t("shell.shortcuts")}
        </Menu.Item>
        <Menu.Divider />
        <Menu.Label>{t("shell.theme")}</Menu.Label>
        <Menu.RadioGroup value={colorScheme} onChange={(value) => setColorScheme(value as MantineColorScheme)}>
          {SCHEMES.map(({ value, Icon }) => (
            <Menu.RadioItem key={value} value={value} closeMenuOnClick={false}>
              <span className={css.themeItem}>
                <Icon size={16} stroke={1.7} /> {t(`shell.theme.${value}`)}
              </span>
            </Menu.RadioItem>
          ))}
        </Menu.RadioGroup>
        <Menu.Divider />
        <Menu.Item leftSection={<IconLogout size={16} stroke={1.7} />} onClick={() => void leave()}>
          {t("shell.sign_out")}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
