import { useState } from "react";
import type { ChatDetail, Person, UserId } from "../api/rows";
import { useSession } from "../session/SessionContext";
import { goTo } from "../shell/route";
import { Avatar } from "../ui/Avatar";
import { Dialog } from "../ui/Dialog";
import { useAttempt } from "../ui/toast";
import { chatTitle } from "./chatTitle";
import { PeoplePicker } from "./PeoplePicker";

interface Props {
  readonly chat: ChatDetail;
  readonly onChanged: () => void;
  readonly onClose: () => void;
}

/** Who is in a group; its owners add and remove people, and everybody may leave. */
export function ChatMembers({ chat, onChanged, onClose }: Props) {
  const { api, user } = useSession();
  const attempt = useAttempt();
  const [picked, setPicked] = useState<readonly Person[]>([]);
  const isOwner = chat.members.some((member) => member.user_id === user.id && member.role === "owner");
  const path = `/api/chats/${chat.chat_id}/members/`;

  const add = async () => {
    const adding = Promise.all(picked.map((person) => api.post(path, { user_id: person.id })));
    if (!(await attempt("Not everybody could be added", adding))) return;
    setPicked([]);
    onChanged();
  };
  const remove = async (userId: UserId) => {
    const removed = await attempt("That did not work", api.delete(`${path}${userId}/`));
    if (removed && userId === user.id) {
      onClose();
      goTo({ page: "chats", chatId: null });
    }
  };

  return (
    <Dialog title={`Members of ${chatTitle(chat)}`} onClose={onClose}>
      <ul className="member-list" aria-label="Members">
        {chat.members.map((member) => (
          <li key={member.user_id}>
            <Avatar name={member.user_name} of={member.user_id} size="small" />
            <span className="member-name">
              {member.user_name}
              {member.user_id === user.id && " (you)"}
            </span>
            {member.role === "owner" && <span className="tag">Owner</span>}
            {isOwner && member.user_id !== user.id && (
              <button
                type="button"
                className="button quiet small"
                aria-label={`Remove ${member.user_name}`}
                onClick={() => void remove(member.user_id)}
              >
                Remove
              </button>
            )}
          </li>
        ))}
      </ul>
      {isOwner && (
        <PeoplePicker
          picked={picked}
          onChange={setPicked}
          without={new Set(chat.members.map((member) => member.user_id))}
        />
      )}
      <footer className="dialog-foot">
        <button type="button" className="button danger" onClick={() => void remove(user.id)}>
          Leave the group
        </button>
        {isOwner && (
          <button
            type="button"
            className="button primary"
            disabled={picked.length === 0}
            onClick={() => void add()}
          >
            Add to the group
          </button>
        )}
      </footer>
    </Dialog>
  );
}
