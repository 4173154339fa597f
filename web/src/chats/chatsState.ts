import type { EventOf, ServerEvent } from "kith-client";
import type { Api } from "../api/Api";
import { following } from "../api/pages";
import type { ChatRow, MessageRow, Page, UserId } from "../api/rows";
import type { Source } from "../live/Source";

/** My chats, the one with the newest message first. */
export interface Chats {
  readonly rows: readonly ChatRow[];
  /** Where older ones are; null: there are none. */
  readonly next: string | null;
}

const PATH = "/api/chats/";

export function chatsSource(api: Api, me: UserId): Source<Chats> {
  return {
    channel: "messages",
    async load() {
      const page = await api.get<Page<ChatRow>>(PATH);
      return { state: { rows: page.results, next: following(PATH, page) }, cursor: page.cursor };
    },
    reduce: (chats, event) => chatsAfter(chats, event, me),
  };
}

/** The page that `next` names, behind what is there. */
export async function olderChats(api: Api, next: string): Promise<(chats: Chats) => Chats> {
  const page = await api.get<Page<ChatRow>>(next);
  return (chats) => {
    const known = new Set(chats.rows.map((row) => row.chat_id));
    const older = page.results.filter((row) => !known.has(row.chat_id));
    return { rows: [...chats.rows, ...older], next: following(PATH, page) };
  };
}

export function chatsAfter(chats: Chats, event: ServerEvent, me: UserId): Chats | null {
  switch (event.type) {
    case "new_message":
      return afterMessage(chats, event, me);
    case "message_edited":
      return withLast(chats, event, { content: event.content, edited_at: event.edited_at });
    case "message_deleted":
      return withLast(chats, event, { content: "", attachment: null, deleted: true });
    case "read":
      return event.user_id === me ? afterRead(chats, event) : chats;
    case "chat_updated":
      return changed(chats, chatOf(event), (row) => ({ ...row, title: event.title }));
    case "chat_added":
      return chats.rows.some((row) => row.chat_id === event.chat_id) ? chats : null;
    case "chat_removed":
      return { ...chats, rows: chats.rows.filter((row) => row.chat_id !== event.chat_id) };
    default:
      return chats;
  }
}

/** The chat in whose channel (`messages/5`) an event was told. */
function chatOf(event: { readonly channel: string }): number {
  return Number(event.channel.split("/")[1]);
}

function changed(chats: Chats, chatId: number, fn: (row: ChatRow) => ChatRow): Chats {
  return { ...chats, rows: chats.rows.map((row) => (row.chat_id === chatId ? fn(row) : row)) };
}

function afterMessage(chats: Chats, event: EventOf<"new_message">, me: UserId): Chats | null {
  const row = chats.rows.find(({ chat_id }) => chat_id === chatOf(event));
  if (row === undefined) return null;
  if (row.last_message !== null && row.last_message.message_id >= event.message_id) return chats;
  const moved: ChatRow = {
    ...row,
    last_message: messageOf(event),
    unread_count: row.unread_count + (event.sender_id === me ? 0 : 1),
  };
  return { ...chats, rows: [moved, ...chats.rows.filter((other) => other !== row)] };
}

function withLast(
  chats: Chats,
  event: { readonly channel: string; readonly message_id: number },
  change: Partial<MessageRow>,
): Chats {
  return changed(chats, chatOf(event), (row) => {
    const last = row.last_message;
    return last?.message_id === event.message_id ? { ...row, last_message: { ...last, ...change } } : row;
  });
}

/** I have read, here or on another device. How many are left below the newest message only the server can count. */
function afterRead(chats: Chats, event: EventOf<"read">): Chats | null {
  const row = chats.rows.find(({ chat_id }) => chat_id === chatOf(event));
  if (row === undefined || row.unread_count === 0) return chats;
  if (event.message_id < (row.last_message?.message_id ?? 0)) return null;
  return changed(chats, row.chat_id, (same) => ({ ...same, unread_count: 0 }));
}

/** A message as REST would show it the moment after it was said. */
export function messageOf(event: EventOf<"new_message">): MessageRow {
  return {
    message_id: event.message_id,
    sender_id: event.sender_id,
    sender_name: event.sender_name,
    content: event.content,
    attachment: event.attachment,
    timestamp: event.timestamp,
    reply_to: event.reply_to,
    edited_at: null,
    deleted: false,
    reactions: {},
  };
}
