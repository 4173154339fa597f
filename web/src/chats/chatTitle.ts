import type { ChatRow } from "../api/rows";

/** What a chat is called: a direct one by the other person. */
export function chatTitle(chat: ChatRow): string {
  if (chat.peer !== null) return chat.peer.user_name;
  return chat.title || "Group";
}
