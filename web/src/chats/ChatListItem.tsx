import type { ChatRow, UserId } from "../api/rows";
import { usePresence } from "../live/SharedStates";
import { useSession } from "../session/SessionContext";
import { hrefOf } from "../shell/route";
import { Avatar } from "../ui/Avatar";
import { Badge } from "../ui/Badge";
import { When } from "../ui/When";
import { chatTitle } from "./chatTitle";

interface Props {
  readonly chat: ChatRow;
  readonly open: boolean;
}

export function ChatListItem({ chat, open }: Props) {
  const { user } = useSession();
  const presence = usePresence();
  const { last_message: last, peer } = chat;
  const status = peer === null ? undefined : presence.get(peer.user_id)?.status;
  return (
    <li>
      <a
        href={hrefOf({ page: "chats", chatId: chat.chat_id })}
        className={chat.unread_count > 0 ? "chat-item unread" : "chat-item"}
        aria-current={open ? "page" : undefined}
      >
        <Avatar name={chatTitle(chat)} of={peer?.user_id ?? `chat ${chat.chat_id}`} status={status} />
        <span className="chat-item-text">
          <span className="chat-item-head">
            <span className="chat-item-title">{chatTitle(chat)}</span>{" "}
            {last !== null && <When at={last.timestamp} as="list" />}
          </span>{" "}
          <span className="chat-item-foot">
            <span className="chat-item-last">{lastWords(chat, user.id)}</span>{" "}
            <Badge count={chat.unread_count} what="unread" />
          </span>
        </span>
      </a>
    </li>
  );
}

function lastWords({ last_message: last, peer }: ChatRow, me: UserId): string {
  if (last === null) return "Nothing said yet";
  if (last.deleted) return "Message deleted";
  if (last.sender_id === me) return `You: ${last.content}`;
  return peer === null ? `${last.sender_name.split(" ", 1)[0]}: ${last.content}` : last.content;
}
