import type { ServerEvent } from "kith-client";
import { expect, test } from "vitest";
import { type Conversation, conversationAfter, withMessage } from "../src/chats/conversationState";
import { BOB, chat, event, ME, message, said } from "./rows";

const member = (user_id: number, last_read_message_id = 0) => ({
  user_id,
  user_name: `User ${user_id}`,
  role: "member",
  last_read_message_id,
});

const start: Conversation = {
  chat: { ...chat(5), members: [member(ME), member(BOB)] },
  messages: [message(2), message(4)],
  older: null,
};

function after(...events: ServerEvent[]): Conversation {
  return events.reduce<Conversation>((now, one) => conversationAfter(now, one) ?? now, start);
}

const ids = (now: Conversation) => now.messages.map((one) => one.message_id);

const reaction = (user_id: number, added: boolean) =>
  event({ type: "reaction", channel: "messages/5", message_id: 2, user_id, emoji: "👍", added });

test("messages stand in their order, each once, in whatever order they are told", () => {
  expect(ids(after(said(5, 6), said(5, 3), said(5, 6), said(5, 2)))).toEqual([2, 3, 4, 6]);
});

test("a message told again does not undo what was changed since", () => {
  const edited = event({
    type: "message_edited",
    channel: "messages/5",
    message_id: 4,
    content: "Other words",
    edited_at: "2026-03-02T10:01:00Z",
  });
  expect(after(edited, said(5, 4)).messages[1]?.content).toBe("Other words");
  expect(withMessage(after(edited), message(4)).messages[1]?.content).toBe("Other words");
});

test("a deleted message is a tombstone without words, file and reactions", () => {
  const deleted = event({ type: "message_deleted", channel: "messages/5", message_id: 2 });
  expect(after(reaction(BOB, true), deleted).messages[0]).toMatchObject({
    deleted: true,
    content: "",
    attachment: null,
    reactions: {},
  });
  expect(after(deleted, reaction(BOB, true)).messages[0]?.reactions).toEqual({});
});

test("reactions count each person once and vanish with the last", () => {
  expect(after(reaction(BOB, true), reaction(BOB, true)).messages[0]?.reactions).toEqual({ "👍": [BOB] });
  expect(after(reaction(BOB, true), reaction(ME, true), reaction(BOB, false)).messages[0]?.reactions).toEqual(
    {
      "👍": [ME],
    },
  );
  expect(after(reaction(BOB, true), reaction(BOB, false)).messages[0]?.reactions).toEqual({});
});

test("reading goes forwards only", () => {
  const read = (message_id: number): ServerEvent => ({
    type: "read",
    channel: "messages/5",
    user_id: BOB,
    message_id,
  });
  expect(after(read(4), read(2)).chat.members.find((one) => one.user_id === BOB)?.last_read_message_id).toBe(
    4,
  );
});

test("members come and go, and a new role keeps how far somebody has read", () => {
  const about = (type: "member_joined" | "member_left" | "member_role", user_id: number): ServerEvent =>
    event({ type, channel: "messages/5", user_id, user_name: `User ${user_id}`, role: "owner" });
  expect(after(about("member_joined", 3), about("member_joined", 3)).chat.members).toHaveLength(3);
  expect(after(about("member_left", BOB)).chat.members.map((one) => one.user_id)).toEqual([ME]);
  const read: ServerEvent = { type: "read", channel: "messages/5", user_id: BOB, message_id: 4 };
  const promoted = after(read, about("member_role", BOB)).chat.members.find((one) => one.user_id === BOB);
  expect(promoted).toMatchObject({ role: "owner", last_read_message_id: 4 });
});

test("what newcomers may see changed: the messages are read again", () => {
  const updated = event({ type: "chat_updated", channel: "messages/5", title: "", history: "all" });
  expect(conversationAfter(start, updated)).toBeNull();
});
