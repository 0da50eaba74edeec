import "@mantine/notifications/styles.layer.css";
import { Notifications } from "@mantine/notifications";
import { useAddress } from "./address";
import css from "./shell.module.css";

/**
 * Where notifications show: bottom left, never over zoom, primary buttons or the bottom navigation. What is wrong
 * with the address is told from here, so that the first page does not wait for it.
 */
export default function Notices() {
  useAddress();
  return <Notifications position="bottom-left" limit={3} className={css.notices} />;
}
