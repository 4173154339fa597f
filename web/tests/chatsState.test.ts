import type { ServerEvent } from "kith-client";
import { expect, test } from "vitest";
import { type Chats, chatsAfter } from "../src/chats/chatsState";
import { BOB, chat, event, ME, message, said } from "./rows";

const chats: Chats = {
  rows: [chat(7, { last_message: message(3) }), chat(5, { last_message: message(2) })],
  next: null,
};

function after(...events: ServerEvent[]): Chats {
  return events.reduce<Chats>((now, one) => {
    const next = chatsAfter(now, one, ME);
    if (next === null) throw new Error("This would have to be read again.");
    return next;
  }, chats);
}

const read = (user_id: number, message_id: number, chatId = 5): ServerEvent => ({
  type: "read",
  channel: `messages/${chatId}`,
  user_id,
  message_id,
});

test("a message brings its chat to the top and counts once, however often it is told", () => {
  const now = after(said(5, 9), said(5, 9));
  expect(now.rows.map((row) => row.chat_id)).toEqual([5, 7]);
  expect(now.rows[0]?.unread_count).toBe(1);
  expect(now.rows[0]?.last_message?.content).toBe("Message 9");
});

test("what I say myself is not unread", () => {
  expect(after(said(5, 9, ME)).rows[0]?.unread_count).toBe(0);
});

test("reading up to the newest message clears the count; others' reading does not", () => {
  expect(after(said(5, 9), read(BOB, 9)).rows[0]?.unread_count).toBe(1);
  expect(after(said(5, 9), read(ME, 9)).rows[0]?.unread_count).toBe(0);
});

test("how much is left after reading a part only the server knows", () => {
  expect(chatsAfter(after(said(5, 9), said(5, 10)), read(ME, 9), ME)).toBeNull();
});

test("a message in a chat that is not in the list, and a new chat, ask for the list", () => {
  expect(chatsAfter(chats, said(99, 9), ME)).toBeNull();
  expect(
    chatsAfter(chats, event({ type: "chat_added", channel: "messages", chat_id: 8, title: "" }), ME),
  ).toBeNull();
});

test("the last words follow edits and deletions, of the last message only", () => {
  const edited = (message_id: number) =>
    event({
      type: "message_edited",
      channel: "messages/5",
      message_id,
      content: "Other words",
      edited_at: null,
    });
  expect(after(edited(2)).rows[1]?.last_message?.content).toBe("Other words");
  expect(after(edited(1)).rows[1]?.last_message?.content).toBe("Message 2");
  const deleted = event({ type: "message_deleted", channel: "messages/5", message_id: 2 });
  expect(after(deleted).rows[1]?.last_message).toMatchObject({ content: "", deleted: true });
});

test("a chat that one is out of is gone", () => {
  const now = after(event({ type: "chat_removed", channel: "messages", chat_id: 7, title: "" }));
  expect(now.rows.map((row) => row.chat_id)).toEqual([5]);
});
