import type { NotificationRow } from "../api/rows";
import { hrefOf } from "../shell/route";

const SAID: Readonly<Record<string, string>> = {
  comment_on_post: "commented on your post",
  reaction_on_post: "reacted to your post",
  connection_request: "would like to connect with you",
  connection_accepted: "is connected with you now",
  mention: "mentioned you",
};

/** What a notification tells, as a sentence without its full stop. */
export function sentenceOf(row: NotificationRow): string {
  const said = SAID[row.type];
  if (said === undefined) return row.text || "Something happened";
  if (row.user_name === "") return `Somebody ${said}`;
  if (row.count <= 1) return `${row.user_name} ${said}`;
  const others = row.count - 1;
  return `${row.user_name} and ${others === 1 ? "one other" : `${others} others`} ${said}`;
}

/** Where what it tells of can be seen. */
export function hrefOfNotification(row: NotificationRow): string {
  if (row.post_id !== null) return hrefOf({ page: "feed", postId: row.post_id });
  if (row.chat_id !== null) return hrefOf({ page: "chats", chatId: row.chat_id });
  return hrefOf({ page: "people" });
}
