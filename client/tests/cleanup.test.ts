import { expect, test, vi } from "vitest";
import type { Opened } from "./scene.js";
import { pass, scenes, settle } from "./scene.js";

const at = scenes();
const nothing = { listeners: 0, channels: 0, sockets: 0, databases: 0, locks: 0 };
const usual = { listeners: 5, channels: 1, sockets: 1, databases: 1, locks: 2 };

/** A tab in which everything is under way: channels, a command without an ack, a request, listeners. */
async function busy(options = {}): Promise<Opened> {
  at.scene.server.answer = () => null;
  const opened = at.scene.open(options);
  const { client } = opened;
  client.onStatus(() => undefined);
  client.on("new_message", () => undefined);
  client.channel("messages/5").open();
  client.channel("messages/5").onAny(() => undefined);
  client.channel("messages/5").send("message", { content: "hi" });
  client.connect();
  await settle();
  client
    .channel("messages/5")
    .request("read", { message_id: 1 })
    .catch(() => undefined);
  await settle();
  return opened;
}

async function gone(opened: Opened): Promise<void> {
  opened.client.dispose();
  await settle();
  expect(opened.tab.left).toEqual(nothing);
  expect(vi.getTimerCount()).toBe(0);
  expect(at.scene.server.http.open).toBe(0);
}

test("something is there to be left behind", async () => {
  const { tab } = await busy();
  expect(tab.left).toEqual(usual);
  expect(vi.getTimerCount()).toBeGreaterThan(2);
});

test("after dispose() a leader leaves nothing", async () => {
  await gone(await busy());
});

test("after dispose() a tab that shares nothing leaves nothing", async () => {
  await gone(await busy({ shareTabs: false }));
});

test("after dispose() a follower leaves nothing, and the leader nothing of it", async () => {
  const leader = await busy();
  const timers = vi.getTimerCount();
  const follower = await busy();
  follower.client.dispose();
  await settle();
  expect(follower.tab.left).toEqual(nothing);
  expect(leader.tab.left.locks).toBe(2);
  // A command of the follower is on its way in the leader's care: nothing else was added.
  expect(vi.getTimerCount()).toBeLessThanOrEqual(timers + 1);
  await gone(leader);
});

test("after dispose() while waiting for the next try nothing is left", async () => {
  const opened = await busy();
  at.scene.server.mode = "gone";
  at.scene.server.drop();
  await pass(3_000);
  expect(opened.client.status.retryAt).not.toBeNull();
  await gone(opened);
});

test("after dispose() while waiting for the token nothing is left", async () => {
  const opened = at.scene.open({ user: undefined, token: () => new Promise(() => undefined) });
  opened.client.connect();
  await settle();
  await gone(opened);
});

test.each([
  ["a stream", true],
  ["long polling", false],
])("after dispose() on %s nothing is left", async (_, streams) => {
  at.scene.server.mode = "blocked";
  at.scene.server.http.streams = streams;
  const opened = await busy();
  await pass(10_000);
  expect(opened.client.status.transport).toBe(streams ? "sse" : "poll");
  await gone(opened);
});

test("after dispose() nothing is told, and what is called does nothing", async () => {
  const { client } = await busy();
  let told = 0;
  client.onStatus(() => {
    told += 1;
  });
  client.dispose();
  client.dispose();
  client.connect();
  client.reconnect();
  client.channel("messages/5").open();
  await pass(60_000);
  expect(told).toBe(0);
  expect(at.scene.server.sockets).toHaveLength(1);
});

test("disconnect() leaves nothing but the outbox", async () => {
  const { client, tab } = await busy();
  client.disconnect();
  await settle();
  expect(tab.left).toEqual({ ...nothing, databases: 1 });
  expect(vi.getTimerCount()).toBe(0);
  expect(client.pending).toHaveLength(1);
});

test("a hundred comings and goings leave no more than one", async () => {
  const { client, tab } = await busy();
  for (let n = 0; n < 100; n += 1) {
    client.disconnect();
    client.connect();
    await settle();
  }
  expect(tab.left).toEqual(usual);
  expect(at.scene.server.open).toHaveLength(1);
});
