// @vitest-environment happy-dom

import { renderHook } from "@testing-library/react";
import { StrictMode } from "react";
import { expect, test, vi } from "vitest";
import type { ServerEvent } from "../../src/index.js";
import { useChannelState, useWebSocket, useWebSocketChat } from "../../src/react/index.js";
import { scene } from "./scene.js";

const page = scene();
const CHAT = "messages/5";

interface List {
  readonly results: readonly string[];
  readonly cursor: string | null;
}

/** The list by REST as the server would answer now, `ms` later. */
function loading(ms = 0, cursor: (at: number) => string | null = (at) => page.server.cursor(CHAT, at)) {
  return vi.fn(async (_signal: AbortSignal): Promise<List> => {
    const at = page.server.log.length;
    const results = page.server.log.map((event) => String(event.content));
    await new Promise((resolve) => setTimeout(resolve, ms));
    return { results, cursor: cursor(at) };
  });
}

/** Counts, so that an event that is applied twice, or twice over the list, is seen. */
function append(list: List, event: ServerEvent): List {
  return event.type === "new_message" ? { ...list, results: [...list.results, event.content] } : list;
}

function say(content: string) {
  return page.server.publish(CHAT, "new_message", { content });
}

function since() {
  return page.server.last.of("subscribe").map((frame) => frame.since);
}

test("loads by REST, opens from the list's cursor, and applies events in order", async () => {
  say("one");
  const { result } = renderHook(() => useChannelState(CHAT, loading(100), append));
  expect(result.current).toMatchObject({ state: undefined, isLoading: true });
  await page.after(50);
  expect(page.subscribed).toEqual([]);
  say("two"); // behind the list that is on its way: the channel replays it
  await page.after(100);
  expect(since()).toEqual([page.server.cursor(CHAT, 1)]);
  say("three");
  await page.after();
  expect(result.current).toMatchObject({ state: { results: ["one", "two", "three"] }, isLoading: false });
});

test("others on the channel wait for the list, and miss nothing either", async () => {
  const onMessage = vi.fn();
  const load = loading(100);
  const { result } = renderHook(() => {
    useWebSocketChat(5, onMessage);
    return useChannelState(CHAT, load, append);
  });
  await page.after(50);
  say("meanwhile");
  await page.after(100);
  expect(page.server.last.of("subscribe")).toHaveLength(1);
  expect(load).toHaveBeenCalledOnce();
  expect(onMessage).toHaveBeenCalledOnce();
  expect(result.current.state?.results).toEqual(["meanwhile"]);
});

test("on a channel that is open, what comes while the list is read is applied to it once", async () => {
  renderHook(() => useWebSocket(CHAT));
  await page.after();
  const load = loading(100);
  const { result } = renderHook(() => useChannelState(CHAT, load, append));
  await page.after(50);
  say("meanwhile");
  await page.after(100);
  expect(load).toHaveBeenCalledOnce();
  expect(result.current.state?.results).toEqual(["meanwhile"]);
});

test("a list read while somebody else was opening the channel is shown, and read once more", async () => {
  page.server.mode = "gone";
  renderHook(() => useWebSocket(CHAT));
  await page.after();
  const load = loading();
  const { result } = renderHook(() => useChannelState(CHAT, load, append));
  await page.after();
  expect(result.current).toMatchObject({ state: { results: [] }, isLoading: false });
  say("behind the list, before the channel");
  page.server.mode = "up";
  await page.after(10_000);
  expect(load).toHaveBeenCalledTimes(2);
  expect(result.current.state?.results).toEqual(["behind the list, before the channel"]);
});

test("two lists of one channel: neither misses what came between the other and the opening", async () => {
  const slow = renderHook(() => useChannelState(CHAT, loading(300), append));
  await page.after(50);
  say("between them");
  const quick = renderHook(() => useChannelState(CHAT, loading(100), append));
  await page.after(2_000);
  expect(slow.result.current.state?.results).toEqual(["between them"]);
  expect(quick.result.current.state?.results).toEqual(["between them"]);
});

test("a list without a cursor is read again when the channel is open", async () => {
  const load = loading(0, () => null);
  const { result } = renderHook(() => useChannelState(CHAT, load, append));
  await page.after();
  expect(result.current.state).toBeDefined();
  await page.after(10);
  expect(load).toHaveBeenCalledTimes(2);
  expect(since()).toEqual([undefined]);
});

test("after a break it goes on, and after a reset it reads anew", async () => {
  const load = loading();
  const { result } = renderHook(() => useChannelState(CHAT, load, append));
  await page.after(10);
  page.server.drop();
  say("missed");
  await page.after(5_000);
  expect(result.current.state?.results).toEqual(["missed"]);
  expect(load).toHaveBeenCalledOnce();
  page.server.drop();
  say("pruned");
  page.server.pruned = 2;
  await page.after(5_000);
  expect(load).toHaveBeenCalledTimes(2);
  expect(result.current.state?.results).toEqual(["missed", "pruned"]);
});

test("a failed load is told, and tried again by reload or when the link is back", async () => {
  renderHook(() => useWebSocket("feed"));
  await page.after();
  const load = loading();
  load.mockRejectedValueOnce(new Error("503"));
  const { result } = renderHook(() => useChannelState(CHAT, load, append));
  await page.after(10);
  expect(result.current).toMatchObject({ state: undefined, isLoading: false, error: new Error("503") });
  load.mockRejectedValueOnce(new Error("504"));
  result.current.reload();
  await page.after(10);
  expect(result.current.error).toEqual(new Error("504"));
  page.server.drop();
  await page.after(5_000);
  expect(result.current).toMatchObject({ state: { results: [] }, isLoading: false, error: null });
});

test("a load that throws at once is an error like any other", async () => {
  const load = (): Promise<List> => {
    throw new Error("no such chat");
  };
  const { result } = renderHook(() => useChannelState(CHAT, load, append));
  await page.after(10);
  expect(result.current.error).toEqual(new Error("no such chat"));
});

test("what failed to load anew stays, with the events that came meanwhile", async () => {
  const load = loading(100);
  const { result } = renderHook(() => useChannelState(CHAT, load, append));
  await page.after(200);
  load.mockImplementationOnce(async () => {
    await new Promise((resolve) => setTimeout(resolve, 100));
    throw new Error("503");
  });
  result.current.reload();
  await page.after(50);
  say("meanwhile");
  await page.after(100);
  expect(result.current).toMatchObject({ state: { results: ["meanwhile"] }, error: new Error("503") });
});

test("the answer of a load that was given up is not shown", async () => {
  const lists = { 5: "of five", 6: "of six" };
  const load = async (chatId: 5 | 6, ms: number): Promise<List> => {
    await new Promise((resolve) => setTimeout(resolve, ms));
    return { results: [lists[chatId]], cursor: "0" };
  };
  const signals: AbortSignal[] = [];
  const { result, rerender } = renderHook(
    ({ chatId, ms }) =>
      useChannelState(
        `messages/${chatId}`,
        (signal) => {
          signals.push(signal);
          return load(chatId, ms);
        },
        append,
      ),
    { initialProps: { chatId: 5 as 5 | 6, ms: 200 } },
  );
  await page.after(50);
  rerender({ chatId: 6, ms: 50 });
  expect(result.current.state).toBeUndefined();
  await page.after(500);
  expect(result.current.state?.results).toEqual(["of six"]);
  expect(signals.map(({ aborted }) => aborted)).toEqual([true, false]);
  expect(page.subscribed).toEqual(["messages/6"]);
});

test("of two loads the later one is shown, whichever answers first", async () => {
  const waits = [0, 300, 100];
  const load = vi.fn(async (): Promise<List> => {
    const at = load.mock.calls.length;
    await new Promise((resolve) => setTimeout(resolve, waits[at - 1]));
    return { results: [`load ${at}`], cursor: "0" };
  });
  const { result } = renderHook(() => useChannelState(CHAT, load, append));
  await page.after(10);
  result.current.reload();
  result.current.reload();
  await page.after(500);
  expect(result.current.state?.results).toEqual(["load 3"]);
});

test("update changes what is shown, and events go on from there", async () => {
  const { result } = renderHook(() => useChannelState(CHAT, loading(), append));
  result.current.update((list) => ({ ...list, results: ["too early"] }));
  await page.after(10);
  result.current.update((list) => ({ ...list, results: ["older", ...list.results] }));
  say("newer");
  await page.after();
  expect(result.current.state?.results).toEqual(["older", "newer"]);
});

test("a lost channel is an error; what was loaded stays", async () => {
  const { result } = renderHook(() => useChannelState(CHAT, loading(), append));
  await page.after(10);
  page.server.last.tell({ type: "unsubscribed", channel: CHAT, code: "forbidden" });
  await page.after();
  expect(result.current).toMatchObject({ state: { results: [] }, error: { code: "forbidden" } });
});

test("is idle without a channel", async () => {
  const load = loading();
  const { result } = renderHook(() => useChannelState(null, load, append));
  await page.after(10);
  expect(result.current).toMatchObject({ state: undefined, isLoading: false, error: null });
  expect(load).not.toHaveBeenCalled();
});

test("a long replay is shown in strides", async () => {
  let renders = 0;
  const { result } = renderHook(() => {
    renders += 1;
    return useChannelState(CHAT, loading(), append);
  });
  await page.after(10);
  page.server.drop();
  for (let at = 0; at < 500; at += 1) say(String(at));
  const before = renders;
  await page.after(5_000);
  expect(result.current.state?.results).toHaveLength(500);
  expect(renders - before).toBeLessThan(5);
});

test("unmounted in the middle of a replay, it leaves nothing", async () => {
  const { unmount } = renderHook(() => useChannelState(CHAT, loading(), append));
  await page.after(10);
  const all = page.server.opening.bind(page.server);
  vi.spyOn(page.server, "opening").mockImplementation((...asked) => all(...asked).slice(0, 2)); // and no more
  page.server.drop();
  await page.after();
  say("missed");
  for (let ms = 0; ms < 3_000 && page.subscribed.length === 0; ms += 10) await page.after(10);
  await page.after(10);
  expect(vi.getTimerCount()).toBeGreaterThan(1);
  unmount();
  // The scene counts what is left.
});

test("StrictMode's double effects load and open as if there were one", async () => {
  say("one");
  const signals: AbortSignal[] = [];
  const load = loading();
  const { result } = renderHook(
    () =>
      useChannelState(
        CHAT,
        (signal) => {
          signals.push(signal);
          return load(signal);
        },
        append,
      ),
    { wrapper: StrictMode },
  );
  await page.after(10);
  say("two");
  await page.after();
  expect(result.current.state?.results).toEqual(["one", "two"]);
  expect(signals.filter(({ aborted }) => !aborted)).toHaveLength(1);
  expect(since()).toEqual([page.server.cursor(CHAT, 1)]);
});

test("reload and update stay the same", async () => {
  const { result, rerender } = renderHook(({ channel }) => useChannelState(channel, loading(), append), {
    initialProps: { channel: CHAT },
  });
  const { reload, update } = result.current;
  await page.after(10);
  rerender({ channel: "messages/6" });
  await page.after(10);
  expect(result.current).toMatchObject({ reload, update });
});
