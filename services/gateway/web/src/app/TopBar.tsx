import { IconSearch } from "@tabler/icons-react";
import { useText } from "@/messages";
import { AccountMenu } from "./AccountMenu";
import { DatasetSwitcher } from "./DatasetSwitcher";
import { JobsTray } from "./JobsTray";
import { PeriodPicker } from "./PeriodPicker";
import css from "./shell.module.css";

/** Dataset, period, search, jobs, account. Loaded beside the first page, because its menus are half the shell's code. */
export default function TopBar({ onSearch }: { onSearch: () => void }) {
  const t = useText();
  return (
    <>
      <DatasetSwitcher />
      <PeriodPicker />
      <div className={css.spacer} />
      <button type="button" className={css.search} onClick={onSearch} aria-label={t("shell.search")} aria-keyshortcuts="Control+K">
        <IconSearch size={16} stroke={1.7} />
        <span>{t("shell.search")}</span>
        <kbd>{t("shell.search_keys")}</kbd>
      </button>
      <JobsTray />
      <AccountMenu />
    </>
  );
}
