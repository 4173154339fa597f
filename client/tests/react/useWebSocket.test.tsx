// @vitest-environment happy-dom

import { renderHook } from "@testing-library/react";
import { StrictMode } from "react";
import { expect, expectTypeOf, test, vi } from "vitest";
import type { NewMessageEvent, ServerEvent } from "../../src/index.js";
import { useWebSocket, type WebSocketOptions, type WebSocketResult } from "../../src/react/index.js";
import { scene } from "./scene.js";

const page = scene();

const HELLO = { message_id: 1, sender_id: 2, sender_name: "Ada", content: "Hello", reply_to: null };

test("the form with a channel opens it, and tells its events and the link", async () => {
  const [onMessage, onError, onConnect, onDisconnect] = [vi.fn(), vi.fn(), vi.fn(), vi.fn()];
  const { result } = renderHook(() =>
    useWebSocket("messages/5", onMessage, onError, onConnect, onDisconnect),
  );
  expect(result.current.state).toBe("connecting");
  await page.after();
  expect(page.subscribed).toEqual(["messages/5"]);
  expect(result.current).toMatchObject({
    isConnected: true,
    state: "connected",
    connectionStatus: "connected",
  });
  expect(onConnect).toHaveBeenCalledOnce();
  await page.publish("messages/5", "new_message", HELLO);
  expect(onMessage).toHaveBeenLastCalledWith(
    expect.objectContaining({ type: "new_message", content: "Hello" }),
  );
  expect(onDisconnect).not.toHaveBeenCalled();
  page.server.mode = "gone";
  page.server.drop();
  await page.after();
  expect(onDisconnect).toHaveBeenCalledOnce();
  expect(onError).toHaveBeenCalled();
  expect(result.current).toMatchObject({ isConnected: false, state: "reconnecting" });
  expect(result.current.lastError).not.toBeNull();
});

test("the form with options has a callback for each event, typed", async () => {
  const heard: string[] = [];
  renderHook(() =>
    useWebSocket({
      channel: "messages/5",
      onOpen: () => heard.push("open"),
      onMessage: (event) => heard.push(event.type),
      onNewMessage: (event) => heard.push(event.content),
      onMessageDeleted: (event) => heard.push(`deleted ${event.message_id}`),
    }),
  );
  await page.after();
  heard.length = 0;
  await page.publish("messages/5", "new_message", HELLO);
  await page.publish("messages/5", "message_deleted", { message_id: 1 });
  expect(heard).toEqual(["new_message", "Hello", "message_deleted", "deleted 1"]);

  expectTypeOf<WebSocketOptions["onNewMessage"]>().toEqualTypeOf<
    ((event: NewMessageEvent) => void) | undefined
  >();
  expectTypeOf<WebSocketOptions["onMessage"]>().toEqualTypeOf<((event: ServerEvent) => void) | undefined>();
  expectTypeOf<WebSocketOptions>().not.toHaveProperty("onNewMassage");
});

test("without a channel nothing is opened, and what others have open is heard", async () => {
  const heard: string[] = [];
  renderHook(() => useWebSocket({ onMessage: (event) => heard.push(event.type) }));
  const { unmount } = renderHook(() => useWebSocket("feed"));
  await page.after();
  expect(page.subscribed).toEqual(["feed"]);
  heard.length = 0;
  await page.publish("feed", "post_deleted", { post_id: 1 });
  expect(heard).toEqual(["post_deleted"]);
  unmount();
  await page.after();
  expect(page.subscribed).toEqual([]);
});

test("a null channel is idle until there is one, and each change closes the former", async () => {
  const onMessage = vi.fn();
  const { result, rerender } = renderHook(({ channel }) => useWebSocket(channel, onMessage), {
    initialProps: { channel: null as string | null },
  });
  await page.after();
  expect(page.subscribed).toEqual([]);
  expect(result.current.send("message", { content: "To whom?" })).toBeNull();
  expect(result.current.emit("typing", { is_typing: true })).toBe(false);
  rerender({ channel: "messages/5" });
  await page.after();
  rerender({ channel: "messages/6" });
  await page.after();
  expect(page.subscribed).toEqual(["messages/6"]);
  onMessage.mockClear();
  await page.publish("messages/5", "new_message", HELLO);
  expect(onMessage).not.toHaveBeenCalled();
});

test("what the hook returns stays the same, whatever renders and breaks", async () => {
  const functions = ({ connectionStatus: _, state, isConnected, ...rest }: WebSocketResult) =>
    Object.values(rest).filter((each) => typeof each === "function");
  const { result, rerender } = renderHook(() => useWebSocket("feed", () => {}));
  const first = result.current;
  expect(functions(first)).toHaveLength(7);
  await page.after();
  rerender();
  expect(functions(result.current)).toEqual(functions(first));
  const connected = result.current;
  rerender();
  expect(result.current).toBe(connected);
});

test("inline handlers: the newest is told, and nothing is subscribed anew", async () => {
  const heard: string[] = [];
  const { rerender } = renderHook(
    ({ name }) => useWebSocket("messages/5", (event) => heard.push(`${name} ${event.type}`)),
    { initialProps: { name: "first" } },
  );
  await page.after();
  for (const name of ["second", "third"]) rerender({ name });
  await page.after();
  heard.length = 0;
  await page.publish("messages/5", "new_message", HELLO);
  expect(heard).toEqual(["third new_message"]);
  expect(page.server.last.of("subscribe")).toHaveLength(1);
  expect(page.server.sockets).toHaveLength(1);
});

test("a ping's new latency and a sent message render nothing", async () => {
  let renders = 0;
  const { result } = renderHook(() => {
    renders += 1;
    return useWebSocket("messages/5");
  });
  await page.after();
  const before = renders;
  result.current.sendMessage("Hello");
  await page.after(31_000);
  expect(page.server.last.of("ping").length).toBeGreaterThan(0);
  expect(page.server.commands).toHaveLength(1);
  expect(renders).toBe(before);
});

test("StrictMode's double effects make one socket and one subscription, and tell once", async () => {
  const [onMessage, onConnect] = [vi.fn(), vi.fn()];
  const { unmount } = renderHook(() => useWebSocket("messages/5", onMessage, undefined, onConnect), {
    wrapper: StrictMode,
  });
  await page.after();
  expect(page.server.sockets).toHaveLength(1);
  expect(page.server.last.of("subscribe")).toHaveLength(1);
  expect(onConnect).toHaveBeenCalledOnce();
  onMessage.mockClear();
  await page.publish("messages/5", "new_message", HELLO);
  expect(onMessage).toHaveBeenCalledOnce();
  unmount();
  await page.after();
  expect(page.server.open).toEqual([]);
});

test("send arrives once, also when it was said before the link was there", async () => {
  const { result } = renderHook(() => useWebSocket("messages/5"));
  const row = result.current.sendMessage("Early", { reply_to: 3 });
  expect(row).toMatchObject({
    channel: "messages/5",
    state: "queued",
    fields: { content: "Early", reply_to: 3 },
  });
  await page.after();
  expect(page.server.commands).toMatchObject([
    { type: "message", content: "Early", reply_to: 3, ref: row?.ref },
  ]);
});

test("emit is written at once or never", async () => {
  const { result } = renderHook(() => useWebSocket("messages/5"));
  expect(result.current.emit("typing", { is_typing: true })).toBe(false);
  await page.after();
  expect(result.current.emit("typing", { is_typing: true })).toBe(true);
  await page.after();
  expect(page.server.commands).toMatchObject([{ type: "typing", is_typing: true }]);
});

test("subscribe tells until it is ended", async () => {
  const fn = vi.fn();
  const { result } = renderHook(() => useWebSocket("messages/5"));
  const end = result.current.subscribe("new_message", fn); // before there is a client
  await page.after();
  await page.publish("messages/5", "new_message", HELLO);
  await page.publish("messages/5", "message_deleted", { message_id: 1 });
  expect(fn).toHaveBeenCalledOnce();
  end();
  await page.publish("messages/5", "new_message", HELLO);
  expect(fn).toHaveBeenCalledOnce();
});

test("a refused command is told as an error, and one that failed long ago is not", async () => {
  page.server.answer = ({ ref = "" }) => {
    return { type: "error", code: "forbidden", message: "Read-only.", channel: "messages/5", ref };
  };
  const onError = vi.fn();
  const { result } = renderHook(() => useWebSocket("messages/5", undefined, onError));
  await page.after();
  result.current.sendMessage("Hello");
  await page.after();
  expect(onError).toHaveBeenCalledOnce();
  expect(onError).toHaveBeenCalledWith(expect.objectContaining({ code: "forbidden" }));
  const late = vi.fn();
  renderHook(() => useWebSocket("messages/5", undefined, late));
  await page.after();
  expect(late).not.toHaveBeenCalled();
});

test("a refused channel is the hook's error alone, until it is asked for again", async () => {
  page.server.refuses = (channel) => (channel === "messages/5" ? "forbidden" : null);
  const onError = vi.fn();
  const { result } = renderHook(() => useWebSocket("messages/5", undefined, onError));
  const other = renderHook(() => useWebSocket("feed"));
  await page.after();
  expect(onError).toHaveBeenCalledWith(expect.objectContaining({ code: "forbidden" }));
  expect(result.current).toMatchObject({ isConnected: false, lastError: { code: "forbidden" } });
  expect(other.result.current.isConnected).toBe(true);
  page.server.refuses = () => null;
  result.current.connect();
  await page.after();
  expect(result.current).toMatchObject({ isConnected: true, lastError: null });
});

test("a reset is told", async () => {
  const onReset = vi.fn();
  renderHook(() => useWebSocket({ channel: "messages/5", onReset }));
  await page.after();
  page.server.drop();
  page.server.publish("messages/5", "new_message", HELLO);
  page.server.pruned = 1;
  await page.after(5_000);
  expect(onReset).toHaveBeenCalledOnce();
});

test("disconnect is for all who share the link, until connect", async () => {
  const { result } = renderHook(() => useWebSocket("feed"));
  const other = renderHook(() => useWebSocket("online"));
  await page.after();
  result.current.disconnect();
  await page.after();
  expect(page.server.open).toEqual([]);
  expect(other.result.current.state).toBe("disconnected");
  other.result.current.connect();
  await page.after();
  expect(page.subscribed.sort()).toEqual(["feed", "online"]);
  result.current.reconnect();
  await page.after();
  expect(page.server.sockets).toHaveLength(3);
});
