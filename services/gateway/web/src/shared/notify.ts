import { notifications, type NotificationData } from "@mantine/notifications";
import { useCallback, type ReactNode } from "react";
import { useText } from "@/messages";

/** Returns a function that shows a message bottom left; its close button has a name. */
export function useNotify(): (message: ReactNode, options?: Omit<NotificationData, "message">) => string {
  const t = useText();
  return useCallback((message, options) => notifications.show({ closeButtonProps: { "aria-label": t("common.close") }, ...options, message }), [t]);
}
