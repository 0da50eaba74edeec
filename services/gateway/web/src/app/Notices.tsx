import "@mantine/notifications/styles.layer.css";
import { Notifications } from "@mantine/notifications";

/** Where notifications show: bottom left, never over zoom or primary buttons. */
export default function Notices() {
  return <Notifications position="bottom-left" limit={3} />;
}
