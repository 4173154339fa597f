import { memo } from "react";
import type { ChatDetail, MessageRow } from "../api/rows";
import { Attachment } from "../files/Attachment";
import { useSession } from "../session/SessionContext";
import { Avatar } from "../ui/Avatar";
import { RichText } from "../ui/RichText";
import { When } from "../ui/When";
import { MessageActions } from "./MessageActions";
import { MessageReactions } from "./MessageReactions";
import { ReadTicks } from "./ReadTicks";
import { ReplyQuote } from "./ReplyQuote";

interface Props {
  readonly message: MessageRow;
  /** Right after something else of the same person: the name is not said again. */
  readonly follows: boolean;
  /** What it answers; "unknown": said before what is loaded. */
  readonly quoted: MessageRow | "unknown" | null;
  readonly chat: ChatDetail;
  readonly onReply: (message: MessageRow) => void;
  readonly onEdit: (message: MessageRow) => void;
}

export const MessageItem = memo(function MessageItem(props: Props) {
  const { message, follows, quoted, chat } = props;
  const { user } = useSession();
  const mine = message.sender_id === user.id;
  const classes = [
    "message",
    mine ? "mine" : "theirs",
    follows ? "follows" : "",
    message.deleted ? "deleted" : "",
  ];
  return (
    <li className={classes.filter(Boolean).join(" ")}>
      {!mine && chat.peer === null && (
        <span className="message-avatar">
          {!follows && <Avatar name={message.sender_name} of={message.sender_id} size="small" />}
        </span>
      )}
      <article className="message-body" aria-label={mine ? "You" : message.sender_name}>
        {!mine && chat.peer === null && !follows && <p className="message-sender">{message.sender_name}</p>}
        <div className="bubble">
          {quoted !== null && <ReplyQuote quoted={quoted} />}
          {message.attachment !== null && <Attachment path={message.attachment} caption={message.content} />}
          <p className="message-text">
            {message.deleted ? "Message deleted" : <RichText text={message.content} />}
          </p>
          <p className="message-meta">
            {message.edited_at !== null && !message.deleted && <span>Edited</span>}
            <When at={message.timestamp} as="clock" />
            {mine && !message.deleted && <ReadTicks message={message} chat={chat} />}
          </p>
        </div>
        <MessageReactions message={message} chat={chat} />
      </article>
      {!message.deleted && <MessageActions {...props} mine={mine} />}
    </li>
  );
});
