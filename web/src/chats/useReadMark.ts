import { useEffect, useSyncExternalStore } from "react";
import { useClient, useStatus } from "../live/ClientContext";
import { useSession } from "../session/SessionContext";
import type { Conversation } from "./conversationState";

/** Tells the server how far I have read, while I can see the newest message. */
export function useReadMark({ chat, messages }: Conversation, atEnd: boolean): void {
  const { user } = useSession();
  const client = useClient();
  const { state: link } = useStatus();
  const visible = useSyncExternalStore(subscribe, () => document.visibilityState === "visible");
  const newest = messages.at(-1)?.message_id ?? 0;
  const read = chat.members.find((member) => member.user_id === user.id)?.last_read_message_id ?? 0;
  const due = visible && atEnd && link === "connected" && newest > read;

  useEffect(() => {
    if (due) client.channel(`messages/${chat.chat_id}`).emit("read", { message_id: newest });
  }, [client, chat.chat_id, newest, due]);
}

function subscribe(changed: () => void): () => void {
  document.addEventListener("visibilitychange", changed);
  return () => document.removeEventListener("visibilitychange", changed);
}
