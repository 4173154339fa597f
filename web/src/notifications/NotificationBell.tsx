import { useInbox } from "../live/SharedStates";
import { Badge } from "../ui/Badge";
import { Icon } from "../ui/Icon";
import { Popover } from "../ui/Popover";
import { NotificationList } from "./NotificationList";

export function NotificationBell() {
  const { state } = useInbox();
  const unread = state?.unread ?? 0;
  return (
    <Popover
      label={unread === 0 ? "Notifications" : `Notifications, ${unread} unread`}
      className="icon-button bell"
      button={
        <>
          <Icon name="bell" size={22} />
          <Badge count={unread} what="unread" />
        </>
      }
      kind="dialog"
      panelLabel="Notifications"
      panelClassName="notifications"
    >
      {(close) => <NotificationList onDone={close} />}
    </Popover>
  );
}
