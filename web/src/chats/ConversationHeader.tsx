import { useState } from "react";
import type { ChatDetail } from "../api/rows";
import { usePresence } from "../live/SharedStates";
import { statusName } from "../presence/statusNames";
import { useSession } from "../session/SessionContext";
import { hrefOf } from "../shell/route";
import { Avatar } from "../ui/Avatar";
import { Icon } from "../ui/Icon";
import { ChatMembers } from "./ChatMembers";
import { chatTitle } from "./chatTitle";

interface Props {
  readonly chat: ChatDetail;
  readonly onChanged: () => void;
}

export function ConversationHeader({ chat, onChanged }: Props) {
  const { user } = useSession();
  const presence = usePresence();
  const [showing, setShowing] = useState(false);
  const { peer } = chat;
  const status = peer === null ? undefined : presence.get(peer.user_id)?.status;
  const others = chat.members.filter((member) => member.user_id !== user.id);
  const there = others.filter((member) => presence.has(member.user_id)).length;

  return (
    <header className="pane-head conversation-head">
      <a href={hrefOf({ page: "chats", chatId: null })} className="icon-button back" aria-label="All chats">
        <Icon name="back" />
      </a>
      <Avatar name={chatTitle(chat)} of={peer?.user_id ?? `chat ${chat.chat_id}`} status={status} />
      <div className="conversation-title">
        <h1>{chatTitle(chat)}</h1>
        <p className="soft">
          {peer === null
            ? `${chat.members.length} members${there > 0 ? `, ${there} online` : ""}`
            : status === undefined
              ? "Offline"
              : statusName(status)}
        </p>
      </div>
      {peer === null && (
        <button type="button" className="button quiet small" onClick={() => setShowing(true)}>
          <Icon name="people" size={18} />
          Members
        </button>
      )}
      {showing && <ChatMembers chat={chat} onChanged={onChanged} onClose={() => setShowing(false)} />}
    </header>
  );
}
