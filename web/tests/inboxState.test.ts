import type { ServerEvent, Shown } from "kith-client";
import { expect, test } from "vitest";
import { type Inbox, inboxAfter } from "../src/notifications/inboxState";
import { hrefOfNotification, sentenceOf } from "../src/notifications/sentence";
import { event } from "./rows";

const row = (id: number, change: Partial<Shown> = {}): Shown => ({
  id,
  type: "comment_on_post",
  user_id: 2,
  user_name: "Bob Bellamy",
  count: 1,
  post_id: 4,
  comment_id: 1,
  chat_id: null,
  text: "",
  data: {},
  read: false,
  timestamp: "2026-03-02T10:00:00Z",
  ...change,
});

const start: Inbox = { rows: [row(2), row(1)], unread: 2, next: null };
const channel = "notifications";

const notified = (notification: Shown, unread_count: number): ServerEvent =>
  event({ type: "notification", channel, notification, unread_count });

test("a grouped notification comes to the top instead of standing twice", () => {
  const now = inboxAfter(start, notified(row(1, { count: 2 }), 2));
  expect(now.rows.map((one) => [one.id, one.count])).toEqual([
    [1, 2],
    [2, 1],
  ]);
  expect(now.unread).toBe(2);
});

test("some are read, or all; the server counts", () => {
  const some = { type: "notifications_read", channel, ids: [2], unread_count: 1 } as unknown as ServerEvent;
  expect(inboxAfter(start, some).rows.map((one) => one.read)).toEqual([true, false]);
  const all = { type: "notifications_read", channel, all: true, unread_count: 0 } as unknown as ServerEvent;
  expect(inboxAfter(start, all)).toMatchObject({ unread: 0, rows: [{ read: true }, { read: true }] });
});

test("what lost its cause is gone", () => {
  const now = inboxAfter(start, event({ type: "notifications_removed", channel, ids: [2], unread_count: 1 }));
  expect(now.rows.map((one) => one.id)).toEqual([1]);
});

test("a sentence names the newest person and counts the others", () => {
  expect(sentenceOf(row(1))).toBe("Bob Bellamy commented on your post");
  expect(sentenceOf(row(1, { count: 2 }))).toBe("Bob Bellamy and one other commented on your post");
  expect(sentenceOf(row(1, { count: 4 }))).toBe("Bob Bellamy and 3 others commented on your post");
  expect(sentenceOf(row(1, { type: "an_apps_own", text: "Dinner is ready" }))).toBe("Dinner is ready");
});

test("it leads to what it tells of", () => {
  expect(hrefOfNotification(row(1))).toBe("#/feed/4");
  expect(hrefOfNotification(row(1, { post_id: null, chat_id: 5 }))).toBe("#/chats/5");
  expect(hrefOfNotification(row(1, { post_id: null }))).toBe("#/people");
});
