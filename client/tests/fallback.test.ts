import { expect, test } from "vitest";
import type { KithClient } from "../src/index.js";
import type { Opened } from "./scene.js";
import { pass, scenes, settle } from "./scene.js";

const at = scenes();
const alone = { shareTabs: false };

const message = (content: string) => at.scene.server.publish("messages/5", "new_message", { content });

function hear(client: KithClient, name = "messages/5"): string[] {
  const heard: string[] = [];
  const channel = client.channel(name);
  channel.on("new_message", ({ content }) => heard.push(content));
  channel.onReset(() => heard.push("reset"));
  channel.open();
  return heard;
}

/** A client behind something that lets no WebSocket through, and perhaps no stream either. */
async function blocked(streams: boolean): Promise<Opened & { heard: string[] }> {
  at.scene.server.mode = "blocked";
  at.scene.server.http.streams = streams;
  const opened = at.scene.open(alone);
  const heard = hear(opened.client);
  opened.client.connect();
  await pass(1_100); // the second try
  if (!streams) await pass(5_000);
  return { ...opened, heard };
}

const ways = [
  ["sse", true],
  ["poll", false],
] as const;

test("a stream after two WebSockets that did not open", async () => {
  const { client, states } = await blocked(true);
  expect(at.scene.server.sockets).toHaveLength(2);
  expect(states).toEqual(["connecting", "connected"]);
  expect(client.status).toMatchObject({ state: "connected", transport: "sse", catchingUp: false });
  const [request] = at.scene.server.http.requests;
  expect(request?.url.href).toBe("https://kith.test/api/events/stream/?channel=messages%2F5");
  expect(request?.token).toBe("token");
});

test("long polling where the stream does not come through within 5 s", async () => {
  const { client } = await blocked(false);
  expect(client.status).toMatchObject({ state: "connected", transport: "poll", catchingUp: false });
  expect(at.scene.server.http.of("/api/events/stream/")).toHaveLength(1);
});

test.each([
  ["the server is away", {}, "gone" as const],
  ["it is not wanted", { fallback: false }, "blocked" as const],
])("no fallback when %s: WebSockets are tried again", async (_, options, mode) => {
  at.scene.server.mode = mode;
  const { client } = at.scene.open({ ...alone, ...options });
  hear(client);
  client.connect();
  await pass(60_000);
  expect(client.status).toMatchObject({ state: "connecting", transport: null });
  expect(at.scene.server.sockets.length).toBeGreaterThan(5);
  at.scene.server.mode = "up";
  await pass(30_000);
  expect(client.status).toMatchObject({ state: "connected", transport: "websocket" });
});

test("a server that says why it refuses is believed: no fallback", async () => {
  const { server } = at.scene;
  server.accepts = () => false;
  const { client } = at.scene.open({ ...alone, token: undefined });
  client.connect();
  await settle();
  server.drop(1013);
  await pass(1_000);
  server.drop(1013);
  await pass(2_000);
  expect(server.http.requests).toEqual([]);
  expect(client.status.state).toBe("connecting");
});

test.each(ways)("by %s events arrive, each once and in order", async (_, streams) => {
  const { heard } = await blocked(streams);
  for (const content of ["one", "two", "three"]) {
    message(content);
    await pass(300);
  }
  await pass(60_000);
  message("four");
  await pass(300);
  expect(heard).toEqual(["one", "two", "three", "four"]);
});

test.each(ways)("by %s commands go by POST, and their acks come back", async (_, streams) => {
  const { client, heard } = await blocked(streams);
  const channel = client.channel("messages/5");
  await expect(channel.request("message", { content: "hi" })).resolves.toMatchObject({ message_id: 1 });
  channel.send("message", { content: "row" });
  expect(channel.emit("typing", { is_typing: true })).toBe(true);
  await pass(300);
  expect(client.pending).toEqual([]);
  expect(at.scene.server.commands.map(({ type }) => type)).toEqual(["message", "message", "typing"]);
  await pass(300);
  expect(heard).toEqual(["hi", "row"]);
});

test.each(ways)(
  "by %s a refused command is refused, and one without an answer is sent again",
  async (_, streams) => {
    const { server } = at.scene;
    const { client } = await blocked(streams);
    server.answer = () => null;
    client.channel("messages/5").send("message", { content: "hi" });
    await pass(300);
    expect(client.pending).toMatchObject([{ state: "queued" }]);
    server.answer = ({ ref = "", channel = "" }) => ({
      type: "error",
      code: "conflict",
      message: "No.",
      ref,
      channel,
    });
    await pass(1_000);
    expect(client.pending).toMatchObject([{ state: "failed", error: { code: "conflict" } }]);
  },
);

test.each(ways)(
  "by %s another channel is opened with the cursors of those that are",
  async (name, streams) => {
    const { server } = at.scene;
    const { client, heard } = await blocked(streams);
    message("one");
    await pass(300);
    let resets = 0;
    client.channel("messages/5").onCaughtUp(() => {
      resets += 1;
    });
    client.channel("feed").open();
    message("two");
    await pass(300);
    const [last] = server.http.of(name === "sse" ? "/api/events/stream/" : "/api/events/").slice(-1);
    expect(last?.searchParams.getAll("channel")).toEqual(["messages/5", "feed"]);
    expect(heard).toEqual(["one", "two"]);
    expect(client.status.catchingUp).toBe(false);
    expect(resets).toBe(0); // for the app nothing happened to this channel
  },
);

test.each(ways)("by %s a refused channel is lost, the others go on", async (_, streams) => {
  const { server } = at.scene;
  const { client, heard } = await blocked(streams);
  server.refuses = (channel) => (channel === "messages/9" ? "forbidden" : null);
  const lost: string[] = [];
  client.channel("messages/9").onLost(({ code }) => lost.push(code));
  client.channel("messages/9").open();
  await pass(300);
  expect(lost).toEqual(["forbidden"]);
  message("one");
  await pass(300);
  expect(heard).toEqual(["one"]);
});

test.each(ways)("by %s a token is refreshed, and an expired one asked for again", async (_, streams) => {
  const { server } = at.scene;
  server.mode = "blocked";
  server.http.streams = streams;
  let token = "first";
  const { client } = at.scene.open({ ...alone, token: () => token });
  const heard = hear(client);
  client.connect();
  await settle();
  await pass(6_500);
  token = "second";
  server.tell({ type: "token_expiring", channel: "messages/5", expires_at: "" });
  await pass(300);
  expect(server.http.requests.at(-1)?.token).toBe("second");
  token = "third";
  server.accepts = (given) => given === "third";
  server.http.end(4401);
  await pass(6_500);
  message("one");
  await pass(300);
  expect(client.status.state).toBe("connected");
  expect(heard).toEqual(["one"]);
});

test.each(ways)("a break of %s loses nothing, and the same way is tried first", async (name, streams) => {
  const { server } = at.scene;
  const { client, heard } = await blocked(streams);
  message("one");
  await pass(600);
  server.drop();
  message("two");
  await settle();
  expect(client.status.state).toBe("reconnecting");
  await pass(600);
  expect(client.status).toMatchObject({ state: "connected", transport: name });
  await pass(300);
  expect(heard).toEqual(["one", "two"]);
});

test.each(ways)(
  "from %s it climbs back to a WebSocket within 60 s, in the middle of a conversation",
  async (_, streams) => {
    const { server } = at.scene;
    const { client, heard, states } = await blocked(streams);
    message("one");
    await pass(300);
    server.mode = "up";
    message("two");
    await pass(60_000);
    message("three");
    await settle();
    expect(client.status).toMatchObject({ state: "connected", transport: "websocket" });
    expect(states).toEqual(["connecting", "connected"]);
    expect(heard).toEqual(["one", "two", "three"]);
    expect(server.http.open).toBe(0);
    await pass(600_000);
    expect(server.open).toHaveLength(1);
  },
);

test("the next leader begins with what got through before", async () => {
  const { server } = at.scene;
  server.mode = "blocked";
  const [one, two] = [at.scene.open(), at.scene.open()];
  for (const { client } of [one, two]) client.connect();
  const heard = hear(two.client);
  await pass(2_000);
  expect(two.client.status).toMatchObject({ transport: "sse", leading: false });
  const tried = server.sockets.length;
  one.tab.kill();
  message("one");
  await pass(500);
  expect(two.client.status).toMatchObject({ state: "connected", transport: "sse", leading: true });
  expect(server.sockets).toHaveLength(tried);
  expect(heard).toEqual(["one"]);
});

test("by a stream, too, the next leader opens each channel from the oldest cursor", async () => {
  const { server } = at.scene;
  server.mode = "blocked";
  const [one, two, three] = [at.scene.open(), at.scene.open(), at.scene.open()];
  for (const { client } of [one, two, three]) client.connect();
  const heard = [two, three].map(({ client }) => hear(client));
  await pass(2_000);
  const [deaf] = three.tab.channelsOpen;
  if (!deaf) throw new Error();
  const { onmessage } = deaf;
  deaf.onmessage = null;
  message("one");
  await pass(100);
  deaf.onmessage = onmessage;
  one.tab.kill();
  message("two");
  await pass(1_000);
  expect(heard).toEqual([
    ["one", "two"],
    ["one", "two"],
  ]);
});

test("a stream that is cut at once leads to long polling", async () => {
  const { server } = at.scene;
  server.mode = "blocked";
  const real = at.scene.browser.tab().environment.fetch;
  const fetch: typeof globalThis.fetch = async (url, init) =>
    String(url).includes("/stream/") || real === undefined ? new Response("") : real(url, init);
  const { client } = at.scene.open(alone, undefined, { fetch });
  const heard = hear(client);
  client.connect();
  await pass(2_000);
  expect(client.status).toMatchObject({ state: "connected", transport: "poll" });
  message("one");
  await pass(300);
  expect(heard).toEqual(["one"]);
});

test("it climbs at once when the network changes, and stays where it is while WebSockets are blocked", async () => {
  const { server } = at.scene;
  const { client, tab } = await blocked(true);
  await pass(190_000);
  expect(client.status).toMatchObject({ state: "connected", transport: "sse" });
  expect(server.sockets).toHaveLength(5);
  server.mode = "up";
  tab.goOnline(true);
  await settle();
  expect(client.status.transport).toBe("websocket");
});

test.each(ways)("%s that broke when the network changed climbs as soon as it is back", async (_, streams) => {
  const { server } = at.scene;
  const { client, tab } = await blocked(streams);
  await pass(600);
  server.drop();
  await settle();
  expect(client.status.state).toBe("reconnecting");
  server.mode = "up";
  tab.goOnline(true);
  await pass(1_000);
  expect(client.status).toMatchObject({ state: "connected", transport: "websocket" });
});

test("a stream that falls silent is a dead link", async () => {
  const { server } = at.scene;
  const { client } = await blocked(true);
  server.http.streams = false;
  await pass(59_000);
  expect(client.status.state).toBe("connected");
  await pass(2_000);
  expect(client.status.state).not.toBe("connected");
});

test("without any channel the fallback still says whether one is signed in", async () => {
  at.scene.server.mode = "blocked";
  const { client } = at.scene.open(alone);
  client.connect();
  await pass(2_000);
  expect(client.status).toMatchObject({ state: "connected", transport: "sse" });
  const heard = hear(client);
  await pass(100);
  message("one");
  await pass(100);
  expect(heard).toEqual(["one"]);
});

test("by cookie a command carries Django's CSRF token", async () => {
  const { server } = at.scene;
  server.mode = "blocked";
  const { client, tab } = at.scene.open({ ...alone, token: undefined });
  tab.document.cookie = "sessionid=s; csrftoken=abc";
  hear(client);
  client.connect();
  await pass(2_000);
  client.channel("messages/5").send("message", { content: "hi" });
  await pass(100);
  expect(server.http.requests.at(-1)).toMatchObject({ csrf: "abc", token: null });
});

test.each(ways)("by %s one's own typing is not told, as on a socket", async (_, streams) => {
  const { server } = at.scene;
  const { client } = await blocked(streams);
  const typing: unknown[] = [];
  client.on("typing", (event) => typing.push(event.user_id));
  for (const user of [1, 2]) {
    server.tell({ type: "typing", channel: "messages/5", user_id: user, user_name: "", is_typing: true });
    await pass(600);
  }
  expect(typing).toEqual([2]);
});
