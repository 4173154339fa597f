import { expect, test } from "vitest";
import type { KithClient } from "../src/index.js";
import type { FakeSocket } from "./fakeServer.js";
import type { Opened } from "./scene.js";
import { pass, scenes, settle } from "./scene.js";

const at = scenes();

const message = (content: string, channel = "messages/5") =>
  at.scene.server.publish(channel, "new_message", { content });

function hear(client: KithClient, name: string, since?: string): string[] {
  const heard: string[] = [];
  client.channel(name).on("new_message", ({ content }) => heard.push(content));
  client.channel(name).onReset(() => heard.push("reset"));
  client.channel(name).open(since);
  return heard;
}

async function tabs(count: number): Promise<Opened[]> {
  const opened: Opened[] = [];
  for (let n = 0; n < count; n += 1) opened.push(await at.scene.connected());
  return opened;
}

const leaders = (opened: readonly Opened[]) => opened.map(({ client }) => client.status.leading);

test("the tabs of a user share one socket; the first leads, the others mirror its state", async () => {
  const opened = await tabs(3);
  expect(at.scene.server.sockets).toHaveLength(1);
  expect(leaders(opened)).toEqual([true, false, false]);
  expect(opened.map(({ client }) => client.status.state)).toEqual(["connected", "connected", "connected"]);
  at.scene.server.drop();
  await settle();
  expect(opened.map(({ client }) => client.status.retryAt)).toEqual(Array(3).fill(Date.now() + 500));
  await pass(500);
  expect(opened.map(({ client }) => client.status.state)).toEqual(["connected", "connected", "connected"]);
});

test.each([
  ["users", { user: 1 }, { user: 2 }],
  ["servers", { url: "wss://one.test" }, { url: "wss://two.test" }],
])("tabs of different %s share nothing", async (_, one, two) => {
  const first = await at.scene.connected(one);
  const second = await at.scene.connected(two);
  expect(leaders([first, second])).toEqual([true, true]);
  expect(at.scene.server.open).toHaveLength(2);
});

test.each([
  ["Web Locks", { locks: undefined }, {}],
  ["BroadcastChannel", { BroadcastChannel: undefined }, {}],
  ["the wish to share", {}, { shareTabs: false }],
])("without %s each tab has a socket of its own", async (_, surroundings, options) => {
  for (let n = 0; n < 2; n += 1) at.scene.open(options, undefined, surroundings).client.connect();
  await settle();
  expect(at.scene.server.open).toHaveLength(2);
});

test("an event reaches every tab that has its channel open, and no other", async () => {
  const [one, two, three] = await tabs(3);
  if (!one || !two || !three) throw new Error();
  const heard = [hear(one.client, "messages/5"), hear(two.client, "messages/5"), hear(three.client, "feed")];
  await settle();
  message("hello");
  await settle();
  expect(heard).toEqual([["hello"], ["hello"], []]);
  expect([...at.scene.server.last.channels].sort()).toEqual(["feed", "messages/5"]);
});

test("a channel stays open until the last tab lets go of it, also by being closed", async () => {
  const [one, two] = await tabs(2);
  if (!one || !two) throw new Error();
  const close = one.client.channel("feed").open();
  two.client.channel("feed").open();
  two.client.channel("online").open();
  await settle();
  close();
  await settle();
  expect([...at.scene.server.last.channels]).toEqual(["feed", "online"]);
  two.tab.kill();
  await settle();
  expect([...at.scene.server.last.channels]).toEqual([]);
});

test("a tab that opens what is open already gets the state and what it missed, and disturbs nobody", async () => {
  const { server } = at.scene;
  const [one, two] = await tabs(2);
  if (!one || !two) throw new Error();
  const first = hear(one.client, "messages/5");
  await settle();
  const since = server.cursor("messages/5", 0);
  message("one");
  await settle();
  let states = 0;
  two.client.channel("messages/5").on("chat_state", () => {
    states += 1;
  });
  const second = hear(two.client, "messages/5", since);
  message("two");
  await settle();
  message("three");
  await settle();
  expect(first).toEqual(["one", "two", "three"]);
  expect(second).toEqual(["one", "two", "three"]);
  expect(states).toBe(1);
  expect(server.last.of("subscribe")).toHaveLength(1);
  expect(two.client.status.catchingUp).toBe(false);
});

test("a command of any tab goes by the one socket, and its answer comes to that tab", async () => {
  const { server } = at.scene;
  const [one, two] = await tabs(2);
  if (!one || !two) throw new Error();
  await expect(two.client.channel("messages/5").request("message", { content: "hi" })).resolves.toMatchObject(
    {
      message_id: 1,
    },
  );
  const channel = two.client.channel("messages/5");
  channel.open();
  await settle();
  expect(channel.emit("typing", { is_typing: true })).toBe(true);
  await settle();
  expect(server.commands.map(({ type }) => type)).toEqual(["message", "typing"]);
  expect(server.sockets).toHaveLength(1);
});

// ── leadership ────────────────────────────────────────────────────────────────────────────────

test.each(["killed", "disposed", "navigated away"])(
  "when the leader is %s another leads within 1 s",
  async (how) => {
    const opened = await tabs(3);
    const [one] = opened;
    if (!one) throw new Error();
    if (how === "killed") one.tab.kill();
    else if (how === "disposed") one.client.dispose();
    else one.tab.window.tell("pagehide");
    await pass(1_000);
    expect(leaders(opened).slice(1)).toEqual([true, false]);
    expect(opened[1]?.states).toEqual(["connecting", "connected", "reconnecting", "connected"]);
    expect(opened[2]?.client.status.state).toBe("connected");
    expect(at.scene.server.open).toHaveLength(1);
  },
);

test("no event is lost when the lead changes: not what happened between, not what one tab had not heard", async () => {
  const { server } = at.scene;
  const [one, two, three] = await tabs(3);
  if (!one || !two || !three) throw new Error();
  const heard = [two, three].map(({ client }) => hear(client, "messages/5"));
  await settle();
  message("one");
  await settle();
  one.tab.kill();
  message("two");
  await pass(1_000);
  message("three");
  await settle();
  expect(heard).toEqual([
    ["one", "two", "three"],
    ["one", "two", "three"],
  ]);
  expect(server.last.of("subscribe")).toMatchObject([{ channel: "messages/5", since: "1" }]);
});

test("the new leader opens each channel from the oldest of the tabs' cursors", async () => {
  const { server } = at.scene;
  const [one, two, three] = await tabs(3);
  if (!one || !two || !three) throw new Error();
  const heard = [two, three].map(({ client }) => hear(client, "messages/5"));
  await settle();
  message("one");
  await settle();
  // The third tab does not hear of the last event before the leader goes.
  const [deaf] = three.tab.channelsOpen;
  if (!deaf) throw new Error();
  const { onmessage } = deaf;
  deaf.onmessage = null;
  message("two");
  await settle();
  expect(heard).toEqual([["one", "two"], ["one"]]);
  // It hears of the new one 100 ms late.
  const inbox: unknown[] = [];
  deaf.onmessage = ({ data }) => inbox.push(data);
  one.tab.kill();
  await pass(100);
  deaf.onmessage = onmessage;
  for (const data of inbox) onmessage?.({ data });
  await pass(900);
  expect(server.last.of("subscribe")).toMatchObject([{ channel: "messages/5", since: "1" }]);
  expect(server.http.requests).toHaveLength(1); // that of the third tab, when it came
  message("three");
  await settle();
  expect(heard).toEqual([
    ["one", "two", "three"],
    ["one", "two", "three"],
  ]);
});

test("a tab that missed frames, as one that slept does, reads what it missed", async () => {
  const [one, two] = await tabs(2);
  if (!one || !two) throw new Error();
  const heard = hear(two.client, "messages/5");
  await settle();
  const [deaf] = two.tab.channelsOpen;
  if (!deaf) throw new Error();
  const { onmessage } = deaf;
  deaf.onmessage = null;
  message("missed");
  await settle();
  deaf.onmessage = onmessage;
  message("next");
  await settle();
  message("last");
  await settle();
  expect(heard).toEqual(["missed", "next", "last"]);
});

test("what the link says of a channel does not count for a tab that the leader does not know of yet", async () => {
  const { server } = at.scene;
  const [one, two] = await tabs(2);
  if (!one || !two) throw new Error();
  one.client.channel("messages/5").open();
  await settle();
  const since = server.cursor("messages/5", 0);
  message("one");
  await settle();
  const [slow] = one.tab.channelsOpen;
  if (!slow) throw new Error();
  const { onmessage } = slow;
  const inbox: unknown[] = [];
  slow.onmessage = ({ data }) => inbox.push(data);
  const heard = hear(two.client, "messages/5", since);
  server.drop();
  await pass(500);
  message("two");
  await settle();
  slow.onmessage = onmessage;
  for (const data of inbox) onmessage?.({ data });
  await pass(100);
  expect(heard).toEqual(["one", "two"]);
});

test("a tab that does not answer the new leader in time is served when it does", async () => {
  const { server } = at.scene;
  const [one, two, three] = await tabs(3);
  if (!one || !two || !three) throw new Error();
  const heard = hear(three.client, "messages/5");
  await settle();
  const [deaf] = three.tab.channelsOpen;
  if (!deaf) throw new Error();
  const { onmessage } = deaf;
  const late: unknown[] = [];
  deaf.onmessage = (event) => late.push(event.data);
  one.tab.kill();
  await pass(149);
  message("while it slept");
  await pass(1);
  expect(two.client.status).toMatchObject({ state: "connected", leading: true });
  expect(server.last.of("subscribe")).toEqual([]);
  await pass(5_000);
  deaf.onmessage = onmessage;
  for (const data of late) onmessage?.({ data });
  await settle();
  message("live");
  await settle();
  expect(heard).toEqual(["while it slept", "live"]);
});

test("commands that wait are sent by the next leader, in order and once", async () => {
  const { server } = at.scene;
  const [one, two] = await tabs(2);
  if (!one || !two) throw new Error();
  server.answer = (frame) => {
    server.ack(frame);
    return null; // done, but the leader does not hear of it any more
  };
  for (const content of ["one", "two", "three"])
    two.client.channel("messages/5").send("message", { content });
  await settle();
  expect(server.commands).toHaveLength(1);
  one.tab.kill();
  server.answer = (frame) => server.ack(frame);
  await pass(1_000);
  expect(server.log.map(({ content }) => content)).toEqual(["one", "two", "three"]);
  expect(two.client.pending).toEqual([]);
});

test("the leader's own commands survive its tab", async () => {
  const { server } = at.scene;
  server.mode = "gone";
  const [one, two] = [at.scene.open(), at.scene.open()];
  one.client.connect();
  await settle();
  two.client.connect();
  await settle();
  one.client.channel("messages/5").send("message", { content: "last words" });
  await settle();
  expect(two.client.pending).toMatchObject([{ state: "queued" }]);
  one.tab.kill();
  server.mode = "up";
  await pass(1_000);
  expect(server.log.map(({ content }) => content)).toEqual(["last words"]);
  expect(two.client.pending).toEqual([]);
});

test("all tabs show what waits, what failed and what was done", async () => {
  const { server } = at.scene;
  const [one, two] = await tabs(2);
  if (!one || !two) throw new Error();
  server.answer = (frame) => ({
    type: "error",
    code: "conflict",
    message: "No.",
    channel: frame.channel ?? "",
    ref: frame.ref ?? "",
  });
  const row = two.client.channel("messages/5").send("message", { content: "hi" });
  await settle();
  for (const { client } of [one, two])
    expect(client.pending).toMatchObject([{ ref: row.ref, state: "failed" }]);
  const acked: string[] = [];
  for (const { client } of [one, two]) client.onAcked(({ ref }) => acked.push(ref));
  server.answer = (frame) => server.ack(frame);
  two.client.retry(row.ref);
  await settle();
  expect(acked).toEqual([row.ref, row.ref]);
  for (const { client } of [one, two]) expect(client.pending).toEqual([]);
});

test("a request that is under way when the lead changes fails: nothing is known of it", async () => {
  const { server } = at.scene;
  const [one, two] = await tabs(2);
  if (!one || !two) throw new Error();
  server.answer = () => null;
  const asked = expect(
    two.client.channel("messages/5").request("read", { message_id: 1 }),
  ).rejects.toMatchObject({
    code: "network",
  });
  await settle();
  one.tab.kill();
  await pass(1_000);
  await asked;
});

test("the heart beats while any tab is looked at, and the link is checked when one is", async () => {
  const { server } = at.scene;
  const [one, two] = await tabs(2);
  if (!one || !two) throw new Error();
  one.tab.show(false);
  await pass(30_000);
  expect(server.last.of("ping")).toHaveLength(1);
  two.tab.show(false);
  await pass(120_000);
  expect(server.last.of("ping")).toHaveLength(1);
  two.tab.show(true);
  await settle();
  expect(server.last.of("ping")).toHaveLength(2);
});

test("reconnect() in any tab makes a new link; disconnect() lets go of this tab alone", async () => {
  const { server } = at.scene;
  const [one, two] = await tabs(2);
  if (!one || !two) throw new Error();
  two.client.reconnect();
  await settle();
  expect(server.sockets).toHaveLength(2);
  expect(server.open).toHaveLength(1);
  one.client.disconnect();
  await pass(1_000);
  expect(one.client.status).toMatchObject({ state: "disconnected", leading: false });
  expect(two.client.status).toMatchObject({ state: "connected", leading: true });
});

test("a leader that is refused gives way to a tab where somebody signs in", async () => {
  const { server } = at.scene;
  server.accepts = (token) => token === "fresh";
  const stale = await at.scene.connected({ token: () => "stale" });
  expect(stale.client.status.state).toBe("error");
  const fresh = await at.scene.connected({ token: () => "fresh" });
  await settle();
  expect(leaders([stale, fresh])).toEqual([false, true]);
  expect([stale, fresh].map(({ client }) => client.status.state)).toEqual(["connected", "connected"]);
  expect(server.open).toHaveLength(1);
});

test("connect() in a tab that mirrors an error tries with that tab's own token", async () => {
  const { server } = at.scene;
  let token = "stale";
  server.accepts = (given) => given === "fresh";
  const one = await at.scene.connected({ token: () => "stale" });
  const two = await at.scene.connected({ token: () => token });
  await settle();
  expect([one, two].map(({ client }) => client.status.state)).toEqual(["error", "error"]);
  token = "fresh";
  one.client.connect(); // its own token is as stale as before
  await settle();
  expect(one.client.status.state).toBe("error");
  two.client.connect();
  await settle();
  expect(two.client.status).toMatchObject({ state: "connected", leading: true });
});

test("a leader that is asleep: a tab that gets no answer shows `reconnecting`, until it hears something", async () => {
  const [one, two] = await tabs(2);
  if (!one || !two) throw new Error();
  const [asleep] = one.tab.channelsOpen;
  if (!asleep) throw new Error();
  const { onmessage } = asleep;
  asleep.onmessage = null;
  two.client.channel("messages/5").open();
  two.client.channel("messages/5").emit("typing", { is_typing: true });
  await pass(9_999);
  expect(two.client.status.state).toBe("connected");
  await pass(1);
  expect(two.client.status.state).toBe("reconnecting");
  asleep.onmessage = onmessage;
  two.client.channel("online").open();
  await settle();
  expect(two.client.status.state).toBe("connected");
});

test("a page that comes back from the browser's cache joins again", async () => {
  const [one, two] = await tabs(2);
  if (!one || !two) throw new Error();
  const heard = hear(two.client, "messages/5");
  await settle();
  message("one");
  await settle();
  two.tab.window.tell("pagehide");
  await settle();
  message("two");
  await settle();
  two.tab.window.tell("pageshow");
  await settle();
  message("three");
  await settle();
  expect(heard).toEqual(["one", "two", "three"]);
  expect(at.scene.server.open.map((socket: FakeSocket) => socket.channels.size)).toEqual([1]);
});
