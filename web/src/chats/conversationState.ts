import type { EventOf, ServerEvent } from "kith-client";
import type { Api } from "../api/Api";
import { following } from "../api/pages";
import type { ChatDetail, MemberRow, MessageRow, Page, UserId } from "../api/rows";
import type { Source } from "../live/Source";
import { messageOf } from "./chatsState";

/** One open chat. */
export interface Conversation {
  readonly chat: ChatDetail;
  /** The oldest first. */
  readonly messages: readonly MessageRow[];
  /** Where older ones are; null: these are all. */
  readonly older: string | null;
}

export function conversationSource(api: Api, chatId: number): Source<Conversation> {
  const path = messagesPath(chatId);
  return {
    channel: `messages/${chatId}`,
    async load() {
      // The messages first: their cursor has to be the older of the two answers.
      const page = await api.get<Page<MessageRow>>(path);
      const chat = await api.get<ChatDetail>(`/api/chats/${chatId}/`);
      const messages = [...page.results].reverse();
      return { state: { chat, messages, older: following(path, page) }, cursor: page.cursor };
    },
    reduce: conversationAfter,
  };
}

const messagesPath = (chatId: number) => `/api/chats/${chatId}/messages/`;

/** The page that `older` names, before what is there. */
export async function olderMessages(api: Api, older: string): Promise<(now: Conversation) => Conversation> {
  const page = await api.get<Page<MessageRow>>(older);
  return (now) => {
    const first = now.messages[0]?.message_id ?? Number.POSITIVE_INFINITY;
    const found = page.results.filter((message) => message.message_id < first).reverse();
    return { ...now, messages: [...found, ...now.messages], older: following(older, page) };
  };
}

export function conversationAfter(now: Conversation, event: ServerEvent): Conversation | null {
  switch (event.type) {
    case "new_message":
      return withMessage(now, messageOf(event));
    case "message_edited":
      return changed(now, event.message_id, { content: event.content, edited_at: event.edited_at });
    case "message_deleted":
      return changed(now, event.message_id, { content: "", attachment: null, deleted: true, reactions: {} });
    case "reaction":
      return afterReaction(now, event);
    case "read":
      return afterRead(now, event);
    case "chat_state":
      return withMembers(now, event.members);
    case "member_joined":
    case "member_role":
      return withMembers(now, [...others(now, event.user_id), memberOf(now, event)]);
    case "member_left":
      return withMembers(now, others(now, event.user_id));
    case "chat_updated":
      return null; // newcomers may see more now, or less
    default:
      return now;
  }
}

/** A message more, in its place; one that is known stays what edits and reactions have made of it. */
export function withMessage(now: Conversation, message: MessageRow): Conversation {
  if (now.messages.some(({ message_id }) => message_id === message.message_id)) return now;
  const place = now.messages.findLastIndex(({ message_id }) => message_id < message.message_id) + 1;
  return { ...now, messages: now.messages.toSpliced(place, 0, message) };
}

function changed(now: Conversation, messageId: number, change: Partial<MessageRow>): Conversation {
  const messages = now.messages.map((message) =>
    message.message_id === messageId ? { ...message, ...change } : message,
  );
  return { ...now, messages };
}

function afterReaction(now: Conversation, event: EventOf<"reaction">): Conversation {
  const message = now.messages.find(({ message_id }) => message_id === event.message_id);
  if (message === undefined || message.deleted) return now;
  const without = (message.reactions[event.emoji] ?? []).filter((userId) => userId !== event.user_id);
  const who = event.added ? [...without, event.user_id] : without;
  const { [event.emoji]: _, ...rest } = message.reactions;
  const before = message.reactions[event.emoji] !== undefined;
  const reactions =
    who.length === 0
      ? rest
      : before
        ? { ...message.reactions, [event.emoji]: who }
        : { ...rest, [event.emoji]: who };
  return changed(now, event.message_id, { reactions });
}

function afterRead(now: Conversation, event: EventOf<"read">): Conversation {
  return withMembers(
    now,
    now.chat.members.map((member) =>
      member.user_id === event.user_id && member.last_read_message_id < event.message_id
        ? { ...member, last_read_message_id: event.message_id }
        : member,
    ),
  );
}

function withMembers(now: Conversation, members: readonly MemberRow[]): Conversation {
  return { ...now, chat: { ...now.chat, members } };
}

function others(now: Conversation, userId: UserId): MemberRow[] {
  return now.chat.members.filter((member) => member.user_id !== userId);
}

function memberOf(now: Conversation, event: EventOf<"member_joined"> | EventOf<"member_role">): MemberRow {
  const known = now.chat.members.find((member) => member.user_id === event.user_id);
  const { user_id, user_name, role } = event;
  return { user_id, user_name, role, last_read_message_id: known?.last_read_message_id ?? 0 };
}
