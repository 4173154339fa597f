import { type FormEvent, useId, useRef, useState } from "react";
import { messageOf } from "../api/ApiError";
import type { ChatRow, Person } from "../api/rows";
import { useChats } from "../live/SharedStates";
import { useSession } from "../session/SessionContext";
import { goTo } from "../shell/route";
import { Dialog } from "../ui/Dialog";
import { Notice } from "../ui/Notice";
import { PeoplePicker } from "./PeoplePicker";

/** One person makes a direct chat, several a group. */
export function NewChat({ onClose }: { readonly onClose: () => void }) {
  const { api } = useSession();
  const chats = useChats();
  const id = useId();
  const [picked, setPicked] = useState<readonly Person[]>([]);
  const [title, setTitle] = useState("");
  const [error, setError] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const ref = useRef(crypto.randomUUID()); // pressed twice, or tried again: one chat
  const group = picked.length > 1;

  const start = async (event: FormEvent) => {
    event.preventDefault();
    if (busy || picked.length === 0) return;
    setBusy(true);
    setError(null);
    try {
      const chat = await api.post<ChatRow>("/api/chats/", {
        member_ids: picked.map((person) => person.id),
        kind: group ? "group" : "direct",
        ...(group ? { title: title.trim(), ref: ref.current } : {}),
      });
      chats.reload();
      goTo({ page: "chats", chatId: chat.chat_id });
      onClose();
    } catch (thrown) {
      setError(messageOf(thrown));
      setBusy(false);
      ref.current = crypto.randomUUID();
    }
  };

  return (
    <Dialog title="New chat" onClose={onClose}>
      <form onSubmit={start}>
        <PeoplePicker picked={picked} onChange={setPicked} />
        {group && (
          <>
            <label htmlFor={id}>Name of the group</label>
            <input id={id} value={title} maxLength={200} onChange={(event) => setTitle(event.target.value)} />
          </>
        )}
        <div role="alert">{error !== null && <Notice tone="danger">{error}</Notice>}</div>
        <footer className="dialog-foot">
          <button type="button" className="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" className="button primary" disabled={picked.length === 0 || busy}>
            {group ? "Start group" : "Start chat"}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}
