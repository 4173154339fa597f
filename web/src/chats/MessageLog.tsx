import type { ChatResult } from "kith-client/react";
import { type UIEvent, useMemo, useRef, useState } from "react";
import type { MessageRow } from "../api/rows";
import { useSession } from "../session/SessionContext";
import { Empty } from "../ui/Empty";
import { Icon } from "../ui/Icon";
import { dayName } from "../ui/time";
import { useNow } from "../ui/useNow";
import type { Conversation } from "./conversationState";
import { logEntries } from "./logEntries";
import { MessageItem } from "./MessageItem";
import { PendingItem } from "./PendingItem";
import { useOlderMessages } from "./useOlderMessages";
import { useReadMark } from "./useReadMark";

const AT_END_PX = 60;

interface Props {
  readonly conversation: Conversation;
  /** What I said and is not told yet. */
  readonly outbox: ChatResult;
  readonly change: (fn: (now: Conversation) => Conversation) => void;
  readonly onReply: (message: MessageRow) => void;
  readonly onEdit: (message: MessageRow) => void;
}

/**
 * What was said, day by day. The box is laid out from its end (`column-reverse`, in the style sheet): it stays at
 * the end while messages come, and where one reads while older ones are put before.
 */
export function MessageLog({ conversation, outbox, change, onReply, onEdit }: Props) {
  const { user } = useSession();
  const now = useNow();
  const box = useRef<HTMLDivElement>(null);
  const [atEnd, setAtEnd] = useState(true);
  const { messages, chat, older } = conversation;
  const byId = useMemo(() => new Map(messages.map((message) => [message.message_id, message])), [messages]);
  const entries = useMemo(() => logEntries(messages), [messages]);
  const paging = useOlderMessages(older, change, box);
  useReadMark(conversation, atEnd);

  const onScroll = (event: UIEvent<HTMLDivElement>) =>
    setAtEnd(Math.abs(event.currentTarget.scrollTop) < AT_END_PX);
  const newest = messages.at(-1)?.message_id ?? 0;
  const unseen =
    !atEnd && newest > (chat.members.find((one) => one.user_id === user.id)?.last_read_message_id ?? 0);

  return (
    <div className="log-frame">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keyboard */}
      <div ref={box} className="log" role="log" aria-label="Messages" tabIndex={0} onScroll={onScroll}>
        <div className="log-body">
          {older !== null && (
            <div ref={paging.sentinel} className="log-older">
              {paging.failed ? (
                <button type="button" className="button small" onClick={paging.retry}>
                  Older messages could not be loaded. Try again
                </button>
              ) : (
                <span className="soft">Loading older messages…</span>
              )}
            </div>
          )}
          {messages.length === 0 && outbox.pending.length === 0 && (
            <Empty icon="chats" title="Nothing said yet">
              Say hello.
            </Empty>
          )}
          <ol>
            {entries.map((entry) =>
              entry.kind === "day" ? (
                <li key={`day ${entry.day.getTime()}`} className="day">
                  <span>{dayName(entry.day, now)}</span>
                </li>
              ) : (
                <MessageItem
                  key={entry.message.message_id}
                  message={entry.message}
                  follows={entry.follows}
                  quoted={
                    entry.message.reply_to === null ? null : (byId.get(entry.message.reply_to) ?? "unknown")
                  }
                  chat={chat}
                  onReply={onReply}
                  onEdit={onEdit}
                />
              ),
            )}
            {outbox.pending.map((one) => (
              <PendingItem key={one.ref} pending={one} outbox={outbox} />
            ))}
          </ol>
        </div>
      </div>
      {!atEnd && (
        <button
          type="button"
          className={unseen ? "to-end unseen" : "to-end"}
          onClick={() => box.current?.scrollTo({ top: 0 })}
        >
          <Icon name="down" size={18} />
          {unseen ? "New messages" : "To the newest"}
        </button>
      )}
    </div>
  );
}
