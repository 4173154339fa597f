import type { ChatDetail, MessageRow } from "../api/rows";
import { useSession } from "../session/SessionContext";
import { useReact } from "./useReact";

interface Props {
  readonly message: MessageRow;
  readonly chat: ChatDetail;
}

export function MessageReactions({ message, chat }: Props) {
  const { user } = useSession();
  const react = useReact(chat.chat_id, message);
  const reactions = Object.entries(message.reactions);
  if (reactions.length === 0) return null;
  const nameOf = (userId: number | string) =>
    userId === user.id
      ? "You"
      : (chat.members.find((member) => member.user_id === userId)?.user_name ?? "Somebody");
  return (
    <ul className="reactions" aria-label="Reactions">
      {reactions.map(([emoji, who]) => (
        <li key={emoji}>
          <button
            type="button"
            className="reaction"
            aria-pressed={who.includes(user.id)}
            title={who.map(nameOf).join(", ")}
            onClick={() => react(emoji)}
          >
            {emoji} <span className="reaction-count">{who.length}</span>
          </button>
        </li>
      ))}
    </ul>
  );
}
