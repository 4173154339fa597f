import type { NotificationRow } from "../api/rows";
import { Avatar } from "../ui/Avatar";
import { When } from "../ui/When";
import { hrefOfNotification, sentenceOf } from "./sentence";

interface Props {
  readonly row: NotificationRow;
  readonly onOpen: () => void;
}

export function NotificationItem({ row, onOpen }: Props) {
  return (
    <li className={row.read ? "notification" : "notification unread"}>
      <a href={hrefOfNotification(row)} onClick={onOpen}>
        <Avatar name={row.user_name || "Kith"} of={row.user_id ?? "kith"} />
        <span className="notification-text">
          <span>{sentenceOf(row)}</span>
          {row.text !== "" && <span className="soft quote">{row.text}</span>}
          <span className="soft">
            <When at={row.timestamp} as="since" />
          </span>
        </span>
        {!row.read && (
          <span className="unread-dot">
            <span className="hidden">Unread</span>
          </span>
        )}
      </a>
    </li>
  );
}
