import { useWebSocketNotifications } from "kith-client/react";
import { useToaster } from "../ui/toast";
import { hrefOfNotification, sentenceOf } from "./sentence";

/** Says what was just notified, wherever one is in the page. */
export function NotificationToasts() {
  const toaster = useToaster();
  useWebSocketNotifications((notification) => {
    if (notification.read) return;
    toaster.show({
      id: `notification-${notification.id}`,
      text: sentenceOf(notification),
      href: hrefOfNotification(notification),
    });
  });
  return null;
}
