// @vitest-environment happy-dom

import { act, render, renderHook } from "@testing-library/react";
import { type ReactNode, StrictMode, useEffect } from "react";
import { createRoot } from "react-dom/client";
import { renderToString } from "react-dom/server";
import { expect, test, vi } from "vitest";
import { KithClient } from "../../src/index.js";
import {
  ConnectionStatus,
  useChannelState,
  useWebSocket,
  useWebSocketChat,
  useWebSocketConnection,
  useWebSocketContext,
  useWebSocketNotifications,
  useWebSocketOnline,
  WebSocketProvider,
} from "../../src/react/index.js";
import { HOST, scene } from "./scene.js";

const page = scene();

const Feed = () => <i>{useWebSocket("feed").state}</i>;

const Chat = () => <b>{String(useWebSocketChat(5).isConnected)}</b>;

function Typist() {
  const { setTyping } = useWebSocketChat(5);
  useWebSocketOnline();
  return (
    <button type="button" onClick={() => setTyping()}>
      type
    </button>
  );
}

function Greeting() {
  const { sendMessage } = useWebSocketChat(5);
  useEffect(() => void sendMessage("Hello"), [sendMessage]);
  return null;
}

function useEverything() {
  const socket = useWebSocket("messages/5", vi.fn());
  const chat = useWebSocketChat(5, vi.fn(), vi.fn());
  const online = useWebSocketOnline();
  const bell = useWebSocketNotifications();
  const link = useWebSocketConnection();
  const context = useWebSocketContext();
  const list = useChannelState(
    "feed",
    async () => ({ results: [], cursor: "1" }),
    (state) => state,
  );
  return { socket, chat, online, bell, link, context, list };
}

function Everything() {
  const { socket, chat } = useEverything();
  return (
    <p>
      {socket.state} {String(chat.isConnected)} <ConnectionStatus />
    </p>
  );
}

test("without a provider, hooks of one url and user share a client, which goes with the last", async () => {
  const first = renderHook(() => useWebSocket("feed"));
  const second = renderHook(() => useWebSocketChat(5));
  const other = renderHook(() => useWebSocket({ channel: "feed", user: 2 }));
  await page.after();
  expect(page.server.sockets).toHaveLength(2);
  expect(page.server.open.map((socket) => [...socket.channels])).toEqual([["feed", "messages/5"], ["feed"]]);
  first.unmount();
  other.unmount();
  await page.after();
  expect(page.server.open.map((socket) => [...socket.channels])).toEqual([["messages/5"]]);
  second.unmount();
  await page.after();
  expect(page.server.open).toEqual([]);
});

test("two hooks on one channel subscribe once, and it stays open for the one that is left", async () => {
  const heard = vi.fn();
  const first = renderHook(() => useWebSocket("feed"));
  renderHook(() => useWebSocket("feed", heard));
  await page.after();
  expect(page.server.last.of("subscribe")).toHaveLength(1);
  first.unmount();
  await page.after();
  heard.mockClear();
  await page.publish("feed", "post_deleted", { post_id: 1 });
  expect(heard).toHaveBeenCalledOnce();
});

test("one page that gives way to the next keeps the socket", async () => {
  const { rerender, container } = render(<Feed />);
  await page.after();
  rerender(<Chat />);
  await page.after();
  expect(container.textContent).toBe("true");
  expect(page.server.sockets).toHaveLength(1);
  expect(page.subscribed).toEqual(["messages/5"]);
});

test("the token is asked of a hook that is there, not of one that has gone", async () => {
  const gone = vi.fn(() => "old");
  renderHook(() => useWebSocket({ channel: "feed", user: 1, token: () => "new" }));
  const last = renderHook(() => useWebSocket({ channel: "feed", user: 1, token: gone }));
  await page.after();
  last.unmount();
  gone.mockClear();
  page.server.drop();
  await page.after(5_000);
  expect(page.server.last.of("authenticate")).toMatchObject([{ token: "new" }]);
  expect(gone).not.toHaveBeenCalled();
});

function provided(props: Parameters<typeof WebSocketProvider>[0]) {
  return ({ children }: { children: ReactNode }) => (
    <WebSocketProvider {...props}>{children}</WebSocketProvider>
  );
}

test("below a provider there is one client, of the provider's options", async () => {
  const token = vi.fn(() => "t");
  const wrapper = provided({ url: "wss://other.test/ws", token, user: 1 });
  const { result } = renderHook(
    () => [useWebSocket("feed"), useWebSocket({ channel: "online", user: 9 }), useWebSocketChat(5)] as const,
    { wrapper },
  );
  await page.after();
  expect(page.server.sockets.map((socket) => socket.url)).toEqual(["wss://other.test/ws"]);
  expect(page.subscribed).toEqual(["feed", "online", "messages/5"]);
  expect(result.current[2].isConnected).toBe(true);
  expect(page.server.last.of("authenticate")).toMatchObject([{ token: "t" }]);
});

test("two providers do not share, though url and user are the same", async () => {
  for (const wrapper of [provided({}), provided({})]) renderHook(() => useWebSocket("feed"), { wrapper });
  await page.after();
  expect(page.server.open).toHaveLength(2);
});

test("a hook that names a url has a client of its own below a provider, too", async () => {
  renderHook(() => useWebSocket({ channel: "feed", url: "wss://other.test" }), { wrapper: provided({}) });
  await page.after();
  expect(page.server.open.map((socket) => socket.url)).toEqual(["wss://other.test/ws", `${HOST}/ws`]);
});

test("another user is another link; what hooks hold goes over to it", async () => {
  const tree = (user: number) => (
    <StrictMode>
      <WebSocketProvider user={user}>
        <Typist />
      </WebSocketProvider>
    </StrictMode>
  );
  const { rerender, getByRole } = render(tree(1));
  await page.after();
  act(() => getByRole("button").click());
  const before = page.server.last;
  rerender(tree(2));
  await page.after();
  expect(page.server.sockets).toHaveLength(2);
  expect(page.server.open).toEqual([page.server.last]);
  expect(page.subscribed.sort()).toEqual(["messages/5", "online"]);
  expect(before.of("typing").map((frame) => frame.is_typing)).toEqual([true, false]);
});

test("what is held on a client that is exchanged is let go before the client is", async () => {
  // Outside of act, React renders the exchange after the effects that begin it, and not in one go with them.
  vi.stubGlobal("IS_REACT_ACT_ENVIRONMENT", false);
  const place = document.createElement("div");
  const root = createRoot(place);
  const shown = async (user: number) => {
    root.render(
      <WebSocketProvider user={user}>
        <Typist />
      </WebSocketProvider>,
    );
    const { sockets } = page.server;
    const made = sockets.length;
    const opened = () => sockets.length > made && page.server.last.channels.size === 2;
    await vi.waitUntil(() => opened() && page.server.open.length === 1, { timeout: 5_000, interval: 1 });
  };
  await shown(1);
  const before = page.server.last;
  place.querySelector("button")?.click();
  await shown(2);
  expect(before.of("typing").map((frame) => frame.is_typing)).toEqual([true, false]);
  root.unmount();
  await vi.waitUntil(() => page.server.open.length === 0);
});

test("a client that the app made is used, and left alone at the end", async () => {
  const client = new KithClient({ url: HOST }, page.server.environment());
  client.connect();
  const { result, unmount } = renderHook(() => [useWebSocket("feed"), useWebSocketContext()] as const, {
    wrapper: provided({ client }),
  });
  await page.after();
  expect(result.current[1].client).toBe(client);
  expect(page.subscribed).toEqual(["feed"]);
  unmount();
  await page.after();
  expect(client.status.state).toBe("connected");
  expect(page.subscribed).toEqual([]);
  client.dispose();
});

test("send works from a component's own first effects", async () => {
  render(
    <WebSocketProvider>
      <Greeting />
    </WebSocketProvider>,
  );
  await page.after();
  expect(page.server.commands).toMatchObject([{ content: "Hello" }]);
});

const USELESS = [
  ["no url", { url: null }],
  ["an empty url", { url: "" }],
  ["a url of nothing that Kith speaks", { url: "ftp://kith.test" }],
  ["enabled: false", { enabled: false }],
] as const;

test.each(USELESS)("with %s every hook does nothing, and throws nothing", async (_, options) => {
  const { result } = renderHook(useEverything, { wrapper: provided(options) });
  await page.after();
  const { socket, chat, link, context, list } = result.current;
  expect(socket.state).toBe("disconnected");
  expect(socket.sendMessage("Hello")).toBeNull();
  expect(chat.sendMessage("Hello")).toBeNull();
  chat.setTyping();
  for (const act of [socket.connect, socket.disconnect, link.reconnect, link.connect]) act();
  chat.retry("?");
  chat.discard("?");
  expect(context.client).toBeNull();
  expect(list.state).toEqual({ results: [], cursor: "1" }); // REST works all the same
  await page.after(60_000);
  expect(page.server.sockets).toEqual([]);
});

test("enabled opens and closes", async () => {
  const [onOpen, onClose] = [vi.fn(), vi.fn()];
  const { rerender, result } = renderHook(
    ({ enabled }) => useWebSocket({ channel: "feed", enabled, onOpen, onClose }),
    { initialProps: { enabled: false } },
  );
  await page.after();
  expect(page.server.sockets).toEqual([]);
  rerender({ enabled: true });
  await page.after();
  expect(page.subscribed).toEqual(["feed"]);
  expect(onOpen).toHaveBeenCalledOnce();
  rerender({ enabled: false });
  expect(result.current.isConnected).toBe(false);
  await page.after();
  expect(page.server.open).toEqual([]);
  expect(onClose).toHaveBeenCalledOnce();
});

test("what a component used in StrictMode is gone with it, in the middle of everything", async () => {
  const { unmount, result } = renderHook(useEverything, { wrapper: StrictMode });
  await page.after();
  result.current.chat.setTyping();
  await page.tell("messages/5", "typing", { user_id: 2, user_name: "Ada", is_typing: true });
  await page.publish("feed", "post_deleted", { post_id: 1 });
  page.server.drop();
  await page.after();
  expect(vi.getTimerCount()).toBeGreaterThan(0);
  unmount();
  // The scene counts what is left.
});

test("rendering on the server touches no browser and opens nothing", () => {
  for (const name of ["window", "document", "navigator", "location", "WebSocket", "addEventListener"]) {
    vi.stubGlobal(name, undefined);
  }
  const html = renderToString(
    <WebSocketProvider>
      <Everything />
    </WebSocketProvider>,
  );
  vi.unstubAllGlobals();
  expect(html).toContain("connecting");
  expect(page.server.sockets).toEqual([]);
});
