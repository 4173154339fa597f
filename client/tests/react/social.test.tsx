// @vitest-environment happy-dom

import { renderHook } from "@testing-library/react";
import { expect, test, vi } from "vitest";
import {
  useWebSocketConnections,
  useWebSocketFeed,
  useWebSocketNotifications,
  useWebSocketOnline,
} from "../../src/react/index.js";
import { scene } from "./scene.js";

const page = scene();

test("connections: requests and acceptances", async () => {
  const [onRequest, onAccepted] = [vi.fn(), vi.fn()];
  const { result } = renderHook(() => useWebSocketConnections(onRequest, onAccepted));
  await page.after();
  await page.publish("connections", "connection_request", {
    request_id: 3,
    from_user_id: 2,
    from_user_name: "Ada",
  });
  await page.publish("connections", "connection_accepted", { request_id: 3, user_id: 2, user_name: "Ada" });
  await page.publish("connections", "request_closed", { request_id: 3, reason: "accepted" });
  expect(onRequest.mock.calls).toMatchObject([[{ from_user_name: "Ada" }]]);
  expect(onAccepted.mock.calls).toMatchObject([[{ user_name: "Ada" }]]);
  result.current.send("accept", { request_id: 3 });
  await page.after();
  expect(page.server.commands).toMatchObject([{ type: "accept", channel: "connections", request_id: 3 }]);
});

test("feed: posts and comments", async () => {
  const [onPost, onComment] = [vi.fn(), vi.fn()];
  renderHook(() => useWebSocketFeed(onPost, onComment));
  await page.after();
  await page.publish("feed", "new_post", { post: { id: 1 } });
  await page.publish("feed", "new_comment", { post_id: 1, comment: { id: 2 }, comment_count: 1 });
  expect(onPost.mock.calls).toMatchObject([[{ post: { id: 1 } }]]);
  expect(onComment.mock.calls).toMatchObject([[{ comment_count: 1 }]]);
});

test("notifications: the inner one, and how many are unread, also for a hook that comes later", async () => {
  const onNotification = vi.fn();
  const { result } = renderHook(() => useWebSocketNotifications(onNotification));
  await page.after();
  expect(result.current.unreadCount).toBeNull();
  await page.tell("notifications", "notifications_state", { unread_count: 4 });
  expect(result.current.unreadCount).toBe(4);
  const notification = { id: 7, type: "mention", text: "Ada mentioned you" };
  await page.publish("notifications", "notification", { notification, unread_count: 5 });
  expect(onNotification.mock.calls).toEqual([[notification]]);
  const late = renderHook(() => useWebSocketNotifications());
  await page.after();
  expect(late.result.current.unreadCount).toBe(5);
  await page.publish("notifications", "notifications_read", { ids: [7], unread_count: 4 });
  expect([result.current.unreadCount, late.result.current.unreadCount]).toEqual([4, 4]);
  result.current.markRead([7]);
  late.result.current.markRead("all");
  await page.after();
  expect(page.server.commands).toMatchObject([{ ids: [7] }, { all: true }]);
});

const ADA = { user_id: 2, full_name: "Ada", status: "online" };
const BOB = { user_id: 3, full_name: "Bob", status: "away" };

test("online: those who are there, come and go, also for a hook that comes later", async () => {
  const heard: string[] = [];
  const { result } = renderHook(() =>
    useWebSocketOnline(
      (event) => heard.push(`${event.full_name} ${event.status}`),
      (event) => heard.push(`${event.user_id} left at ${event.last_seen}`),
    ),
  );
  await page.after();
  await page.tell("online", "presence_state", { users: [{ ...ADA, last_seen: null }] });
  await page.tell("online", "user_online", BOB);
  await page.tell("online", "user_online", BOB); // the same again is no news
  await page.tell("online", "user_online", { ...BOB, status: "busy" });
  await page.tell("online", "user_offline", { user_id: 2, last_seen: "2026-01-01T00:00:00Z" });
  expect(heard).toEqual(["Ada online", "Bob away", "Bob busy", "2 left at 2026-01-01T00:00:00Z"]);
  expect(result.current.users).toMatchObject([{ user_id: 3, status: "busy" }]);

  const late = vi.fn();
  renderHook(() => useWebSocketOnline(late));
  await page.after();
  expect(late.mock.calls).toMatchObject([[{ type: "user_online", full_name: "Bob", status: "busy" }]]);
});

test("online: who left while the link was down is told when the state is told again", async () => {
  const [onOnline, onOffline] = [vi.fn(), vi.fn()];
  renderHook(() => useWebSocketOnline(onOnline, onOffline));
  await page.after();
  await page.tell("online", "presence_state", { users: [ADA, BOB] });
  await page.tell("online", "presence_state", { users: [BOB] });
  expect(onOnline).toHaveBeenCalledTimes(2);
  expect(onOffline.mock.calls).toEqual([[expect.objectContaining({ type: "user_offline", user_id: 2 })]]);
});

test("a reset is told by each of them", async () => {
  const onReset = vi.fn();
  renderHook(() => {
    useWebSocketConnections(undefined, undefined, onReset);
    useWebSocketFeed(undefined, undefined, onReset);
    useWebSocketNotifications(undefined, onReset);
    useWebSocketOnline(undefined, undefined, onReset);
  });
  await page.after();
  page.server.drop();
  page.server.publish("feed", "post_deleted", { post_id: 1 });
  page.server.pruned = 1;
  await page.after(5_000);
  expect(onReset).toHaveBeenCalledTimes(4);
});
