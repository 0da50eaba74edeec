import { Drawer } from "@mantine/core";
import { useState } from "react";
import { useText } from "@/messages";
import type { HelpPageName } from "@/shared/helpPages";
import { HelpArticle } from "./HelpArticle";
import { HelpContents } from "./HelpContents";
import { IsInDrawer } from "./HelpLink";
import css from "./HelpPage.module.css";
import { HelpSearch } from "./HelpSearch";

/** Help beside the page in use; closed without a name. */
export default function HelpDrawer({ name, onClose }: { name: HelpPageName | null; onClose: () => void }) {
  const t = useText();
  // What it shows while it closes, and where it gives the focus back: so it stays mounted.
  const [shown, setShown] = useState<HelpPageName>(name ?? "start");
  if (name && name !== shown) setShown(name);
  return (
    <IsInDrawer value={true}>
      <Drawer opened={name !== null} onClose={onClose} position="right" size="min(520px, 100vw)" title={t("shell.nav.help")} closeButtonProps={{ "aria-label": t("common.close") }}>
        <HelpSearch>
          <h2 className={css.drawerTitle}>{t(`shell.help.${shown}`)}</h2>
          <HelpArticle name={shown} />
          <HelpContents />
        </HelpSearch>
      </Drawer>
    </IsInDrawer>
  );
}
