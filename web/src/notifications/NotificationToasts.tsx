import { useWebSocketNotifications } from "kith-client/react";
import { useEffect, useRef } from "react";
import { useInbox } from "../live/SharedStates";
import { useToaster } from "../ui/toast";
import { hrefOfNotification, sentenceOf } from "./sentence";

/** Says what was just notified, wherever one is in the page. One that is told again because it shrank is no news. */
export function NotificationToasts() {
  const toaster = useToaster();
  const { state } = useInbox();
  const known = useRef(new Map<number, string>());
  useEffect(() => {
    known.current = new Map(state?.rows.map((row) => [row.id, row.timestamp]));
  }, [state]);

  useWebSocketNotifications((notification) => {
    const before = known.current.get(notification.id);
    if (
      notification.read ||
      (before !== undefined && Date.parse(notification.timestamp) <= Date.parse(before))
    )
      return;
    toaster.show({
      id: `notification-${notification.id}`,
      text: sentenceOf(notification),
      href: hrefOfNotification(notification),
    });
  });
  return null;
}
