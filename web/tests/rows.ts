import type { ServerEvent } from "kith-client";
import type { ChatRow, MessageRow, PostRow } from "../src/api/rows";

export const ME = 1;
export const BOB = 2;
const AT = "2026-03-02T10:00:00Z";

export function message(message_id: number, change: Partial<MessageRow> = {}): MessageRow {
  return {
    message_id,
    sender_id: BOB,
    sender_name: "Bob Bellamy",
    content: `Message ${message_id}`,
    attachment: null,
    timestamp: AT,
    reply_to: null,
    edited_at: null,
    deleted: false,
    reactions: {},
    ...change,
  };
}

export function chat(chat_id: number, change: Partial<ChatRow> = {}): ChatRow {
  return {
    chat_id,
    kind: "group",
    title: `Chat ${chat_id}`,
    role: "member",
    unread_count: 0,
    last_message: null,
    peer: null,
    ...change,
  };
}

export function post(id: number, change: Partial<PostRow> = {}): PostRow {
  return {
    id,
    userId: BOB,
    userName: "Bob Bellamy",
    content: `Post ${id}`,
    attachment: null,
    timestamp: AT,
    edited_at: null,
    comment_count: 0,
    counts: {},
    my_reaction: null,
    ...change,
  };
}

type Untold<E> = E extends ServerEvent ? Omit<E, "id" | "timestamp"> : never;

/** An event of this content; its id and time do not matter to those who are told. */
export function event(told: Untold<ServerEvent>): ServerEvent {
  return { id: 1, timestamp: AT, ...told } as ServerEvent;
}

export function said(chatId: number, message_id: number, sender_id = BOB): ServerEvent {
  return {
    type: "new_message",
    id: message_id,
    channel: `messages/${chatId}`,
    timestamp: AT,
    message_id,
    sender_id,
    sender_name: "Bob Bellamy",
    content: `Message ${message_id}`,
    attachment: null,
    reply_to: null,
    ref: null,
  };
}
