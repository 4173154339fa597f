// @vitest-environment happy-dom

import { renderHook } from "@testing-library/react";
import { StrictMode } from "react";
import { expect, test, vi } from "vitest";
import { useWebSocketChat } from "../../src/react/index.js";
import type { Frame } from "../../src/wire.js";
import { scene } from "./scene.js";

const page = scene();

const ADA = { user_id: 2, user_name: "Ada" };
const HELLO = { message_id: 1, sender_id: 2, sender_name: "Ada", content: "Hello", reply_to: null };

function typingSent(): unknown[] {
  return page.server.commands.filter(({ type }) => type === "typing").map(({ is_typing }) => is_typing);
}

test("tells messages and typing of one chat", async () => {
  const [onMessage, onTyping] = [vi.fn(), vi.fn()];
  const { result } = renderHook(() => useWebSocketChat(5, onMessage, onTyping));
  await page.after();
  expect(result.current.isConnected).toBe(true);
  await page.tell("messages/5", "typing", { ...ADA, is_typing: true });
  await page.publish("messages/5", "new_message", HELLO);
  expect(onMessage).toHaveBeenCalledOnce();
  expect(onMessage).toHaveBeenCalledWith(expect.objectContaining({ content: "Hello" }));
  expect(onTyping.mock.calls.map(([event]) => event.is_typing)).toEqual([true, false]);
});

test("somebody who left in the middle of a word stops typing after 6 s", async () => {
  const onTyping = vi.fn();
  renderHook(() => useWebSocketChat(5, undefined, onTyping));
  await page.after();
  await page.tell("messages/5", "typing", { ...ADA, is_typing: true });
  await page.after(5_900);
  expect(onTyping).toHaveBeenCalledOnce();
  await page.after(200);
  expect(onTyping).toHaveBeenLastCalledWith(expect.objectContaining({ ...ADA, is_typing: false }));
});

test("is idle without a chat", async () => {
  for (const chatId of [null, undefined, ""]) {
    const { result } = renderHook(() => useWebSocketChat(chatId));
    await page.after();
    result.current.setTyping();
    expect(result.current.sendMessage("Hello")).toBeNull();
  }
  expect(page.subscribed).toEqual([]);
});

test("typing is told once while keys fall, and its end with the message", async () => {
  const { result } = renderHook(() => useWebSocketChat(5), { wrapper: StrictMode });
  await page.after();
  for (let key = 0; key < 20; key += 1) {
    result.current.setTyping();
    await page.after(100);
  }
  expect(typingSent()).toEqual([true]);
  result.current.sendMessage("Hello");
  await page.after();
  expect(typingSent()).toEqual([true, false]);
  await page.after(10_000);
  expect(typingSent()).toEqual([true, false]);
});

test("typing ends when the component goes, and when the chat is another", async () => {
  const { result, rerender, unmount } = renderHook(({ chatId }) => useWebSocketChat(chatId), {
    initialProps: { chatId: 5 },
  });
  await page.after();
  result.current.setTyping();
  rerender({ chatId: 6 });
  await page.after();
  result.current.setTyping();
  unmount();
  await page.after();
  const told = page.server.last.of("typing").map(({ channel, is_typing }) => [channel, is_typing]);
  expect(told).toEqual([
    ["messages/5", true],
    ["messages/5", false],
    ["messages/6", true],
    ["messages/6", false],
  ]);
});

test("a message stands as a row until it is told, whichever of ack and event comes first", async () => {
  let ack: Frame | null = null;
  page.server.answer = (frame) => {
    ack = page.server.ack(frame);
    return null;
  };
  const { result } = renderHook(() => useWebSocketChat(5));
  await page.after();

  result.current.sendMessage("Event first");
  expect(result.current.pending).toEqual([]);
  await page.after();
  expect(result.current.pending).toEqual([]); // it was told: the app's list has it
  if (ack) page.server.last.tell(ack);
  await page.after();
  expect(result.current.pending).toEqual([]);

  page.server.answer = ({ ref = "" }) => ({ type: "ack", ref, channel: "messages/5", message_id: 9 });
  result.current.sendMessage("Ack first");
  await page.after();
  const [row] = result.current.pending;
  expect(row).toMatchObject({ state: "sent", fields: { content: "Ack first" } });
  await page.publish("messages/5", "new_message", { ...HELLO, ref: row?.ref });
  expect(result.current.pending).toEqual([]);
});

test("a row whose event never comes goes after a while, and a duplicate's at once", async () => {
  page.server.answer = ({ ref = "", content }) => {
    return { type: "ack", ref, channel: "messages/5", message_id: 9, duplicate: content === "Again" };
  };
  const { result, unmount } = renderHook(() => useWebSocketChat(5));
  await page.after();
  result.current.sendMessage("Again");
  result.current.sendMessage("Hello");
  await page.after();
  expect(result.current.pending).toMatchObject([{ fields: { content: "Hello" } }]);
  await page.after(5_000);
  expect(result.current.pending).toEqual([]);
  result.current.sendMessage("On leaving");
  await page.after();
  expect(result.current.pending).toHaveLength(1);
  unmount(); // its timer is one of those that the scene counts
});

test("pending has this chat's messages only, in order, with what failed and can be tried again", async () => {
  page.server.mode = "gone";
  const { result } = renderHook(() => useWebSocketChat(5));
  const other = renderHook(() => useWebSocketChat(6));
  await page.after();
  other.result.current.sendMessage("Elsewhere");
  result.current.sendMessage("One");
  result.current.sendMessage("Two");
  await page.after();
  expect(result.current.pending.map((row) => row.fields.content)).toEqual(["One", "Two"]);
  page.server.answer = ({ ref = "", channel = "" }) => {
    return { type: "error", code: "invalid_message", message: "No.", channel, ref };
  };
  page.server.mode = "up";
  await page.after(5_000);
  expect(result.current.pending.map((row) => row.state)).toEqual(["failed", "failed"]);
  page.server.answer = (frame) => page.server.ack(frame);
  const [one, two] = result.current.pending;
  result.current.discard(one?.ref ?? "");
  result.current.retry(two?.ref ?? "");
  await page.after();
  expect(result.current.pending).toEqual([]);
  const last = page.server.commands.at(-1);
  expect(last).toMatchObject({ content: "Two", ref: two?.ref });
  other.result.current.discard(other.result.current.pending[0]?.ref ?? "");
  await page.after();
});

test("sendMessage, setTyping, retry and discard stay the same", async () => {
  const { result, rerender } = renderHook(({ chatId }) => useWebSocketChat(chatId, () => {}), {
    initialProps: { chatId: 5 },
  });
  const { sendMessage, setTyping, retry, discard } = result.current;
  await page.after();
  rerender({ chatId: 6 });
  await page.after();
  expect(result.current).toMatchObject({ sendMessage, setTyping, retry, discard });
});
