import { useState } from "react";
import type { ChatDetail, MessageRow } from "../api/rows";
import { useClient } from "../live/ClientContext";
import { ConfirmDialog } from "../ui/ConfirmDialog";
import { EmojiRow } from "../ui/EmojiRow";
import { Icon } from "../ui/Icon";
import { Menu, type MenuEntry } from "../ui/Menu";
import { useAttempt } from "../ui/toast";
import { EmojiMenu } from "./EmojiMenu";
import { EMOJI } from "./reactions";
import { useReact } from "./useReact";

interface Props {
  readonly message: MessageRow;
  readonly chat: ChatDetail;
  readonly mine: boolean;
  readonly onReply: (message: MessageRow) => void;
  readonly onEdit: (message: MessageRow) => void;
}

/**
 * What can be done with a message: beside it, when it is pointed at or has the focus. The menu has it all; the
 * buttons before it are shortcuts for the mouse, so that the keyboard has one stop a message.
 */
export function MessageActions({ message, chat, mine, onReply, onEdit }: Props) {
  const client = useClient();
  const attempt = useAttempt();
  const react = useReact(chat.chat_id, message);
  const [deleting, setDeleting] = useState(false);
  const { message_id } = message;

  const remove = () => {
    setDeleting(false);
    const channel = client.channel(`messages/${chat.chat_id}`);
    void attempt("The message was not deleted", channel.request("delete", { message_id }));
  };

  const entries: MenuEntry[] = [
    { icon: "reply", text: "Reply", onSelect: () => onReply(message) },
    ...(mine ? [{ icon: "edit" as const, text: "Edit", onSelect: () => onEdit(message) }] : []),
    ...(mine || chat.role === "owner"
      ? [{ icon: "trash" as const, text: "Delete", danger: true, onSelect: () => setDeleting(true) }]
      : []),
  ];

  return (
    <div className="message-actions">
      <EmojiMenu onReact={react} />
      <button
        type="button"
        className="icon-button small reply-button"
        tabIndex={-1}
        aria-label="Reply"
        title="Reply"
        onClick={() => onReply(message)}
      >
        <Icon name="reply" size={17} />
      </button>
      <Menu
        label="More actions"
        className="icon-button small"
        button={<Icon name="more" size={17} />}
        entries={entries}
        first={(close) => (
          <EmojiRow
            choices={EMOJI}
            onChoose={(emoji) => {
              close();
              react(emoji);
            }}
          />
        )}
      />
      {deleting && (
        <ConfirmDialog
          title="Delete this message?"
          text="It will be gone for everybody in this chat."
          confirm="Delete"
          onConfirm={remove}
          onClose={() => setDeleting(false)}
        />
      )}
    </div>
  );
}
