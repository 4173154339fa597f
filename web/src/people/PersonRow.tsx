import type { ReactNode } from "react";
import type { UserId } from "../api/rows";
import { usePresence } from "../live/SharedStates";
import { statusName } from "../presence/statusNames";
import { Avatar } from "../ui/Avatar";

interface Props {
  readonly userId: UserId;
  readonly name: string;
  readonly note?: string;
  /** What can be done. */
  readonly children: ReactNode;
}

export function PersonRow({ userId, name, note, children }: Props) {
  const presence = usePresence();
  const status = presence.get(userId)?.status;
  const words = [note, status === undefined ? undefined : statusName(status)].filter(Boolean).join(" · ");
  return (
    <li className="person">
      <Avatar name={name} of={userId} status={status} />
      <div className="person-text">
        <p className="person-name">{name}</p>
        {words !== "" && <p className="soft">{words}</p>}
      </div>
      <div className="person-actions">{children}</div>
    </li>
  );
}
