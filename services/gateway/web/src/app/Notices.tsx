import "@mantine/notifications/styles.layer.css";
import { Notifications } from "@mantine/notifications";
import css from "./shell.module.css";

/** Where notifications show: bottom left, never over zoom, primary buttons or the bottom navigation. */
export default function Notices() {
  return <Notifications position="bottom-left" limit={3} className={css.notices} />;
}
