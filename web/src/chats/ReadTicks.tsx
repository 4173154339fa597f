import type { ChatDetail, MessageRow } from "../api/rows";
import { useSession } from "../session/SessionContext";
import { Icon } from "../ui/Icon";

interface Props {
  readonly message: MessageRow;
  readonly chat: ChatDetail;
}

/** One tick: it is on the server. Two: others have read up to here. */
export function ReadTicks({ message, chat }: Props) {
  const { user } = useSession();
  const others = chat.members.filter((member) => member.user_id !== user.id);
  const readers = others.filter((member) => member.last_read_message_id >= message.message_id);
  const text = readText(
    readers.map((reader) => reader.user_name),
    others.length,
  );
  return (
    <span className={readers.length > 0 ? "ticks read" : "ticks"} title={text}>
      <Icon name={readers.length > 0 ? "checks" : "check"} size={15} />
      <span className="hidden">{text}</span>
    </span>
  );
}

function readText(names: readonly string[], others: number): string {
  if (names.length === 0) return "Sent";
  if (others === 1) return "Read";
  return names.length === others ? "Read by everybody" : `Read by ${names.join(", ")}`;
}
