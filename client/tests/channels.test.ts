import { expect, test } from "vitest";
import type { KithClient, ServerEvent } from "../src/index.js";
import { pass, scenes, settle } from "./scene.js";

const at = scenes();
const alone = { shareTabs: false };

/** Open the channel, and write down what it tells. */
function hear(client: KithClient, name: string, since?: string): string[] {
  const heard: string[] = [];
  const channel = client.channel(name);
  channel.onAny((event) => heard.push(say(event)));
  channel.onReset(() => heard.push("reset"));
  channel.onCaughtUp(() => heard.push("caught up"));
  channel.onLost((error) => heard.push(`lost: ${error.code}`));
  channel.open(since);
  return heard;
}

function say(event: ServerEvent): string {
  return event.type === "new_message" ? event.content : event.type;
}

const message = (content: string, channel = "messages/5") =>
  at.scene.server.publish(channel, "new_message", { content });

test("a channel tells its state, then what happens, by type and in full", async () => {
  const { client } = await at.scene.connected(alone);
  const heard = hear(client, "messages/5");
  const contents: string[] = [];
  const stop = client.channel("messages/5").on("new_message", ({ content }) => contents.push(content));
  await settle();
  message("one");
  await settle();
  stop();
  message("two");
  await settle();
  expect(heard).toEqual(["chat_state", "caught up", "one", "two"]);
  expect(contents).toEqual(["one"]);
});

test("the same name is the same object", () => {
  const { client } = at.scene.open(alone);
  expect(client.channel("feed")).toBe(client.channel("feed"));
});

test("a channel is open as long as somebody holds it, however often it is let go", async () => {
  const { server } = at.scene;
  const { client } = await at.scene.connected(alone);
  const first = client.channel("feed").open();
  const second = client.channel("feed").open();
  await settle();
  first();
  first();
  await settle();
  expect(server.last.of("unsubscribe")).toEqual([]);
  second();
  await settle();
  expect(server.last.of("subscribe")).toHaveLength(1);
  expect(server.last.of("unsubscribe")).toEqual([{ type: "unsubscribe", channel: "feed" }]);
});

test("letting go and opening again in one go says nothing to the server", async () => {
  const { server } = at.scene;
  const { client } = await at.scene.connected(alone);
  const close = client.channel("feed").open();
  await settle();
  close();
  const heard = hear(client, "feed");
  await settle();
  expect(server.last.of("unsubscribe")).toEqual([]);
  expect(server.last.of("subscribe")).toHaveLength(1);
  message("hello", "feed");
  await settle();
  expect(heard).toEqual(["hello"]);
});

test("what was missed since a cursor of REST comes before what is live", async () => {
  message("before");
  const since = at.scene.server.cursor("messages/5", 1);
  message("missed");
  const { client } = at.scene.open(alone);
  const heard = hear(client, "messages/5", since);
  client.connect();
  await settle();
  message("live");
  await settle();
  expect(heard).toEqual(["missed", "chat_state", "caught up", "live"]);
});

test("after a break the client goes on from its last cursor: nothing twice, nothing left out", async () => {
  const { server } = at.scene;
  const { client } = await at.scene.connected(alone);
  const heard = hear(client, "messages/5");
  await settle();
  message("one");
  await settle();
  server.drop();
  message("two");
  await pass(500);
  message("three");
  await settle();
  expect(server.last.of("subscribe")).toMatchObject([{ channel: "messages/5", since: "1" }]);
  expect(heard.filter((each) => each !== "chat_state")).toEqual([
    "caught up",
    "one",
    "two",
    "caught up",
    "three",
  ]);
});

test("where a channel has several topics, an id is no cursor: repeats are known by it", async () => {
  const { server } = at.scene;
  const { client } = await at.scene.connected(alone);
  const heard = hear(client, "messages");
  await settle();
  message("one");
  await settle();
  server.drop();
  message("two");
  await pass(500);
  // From the cursor of `caught_up`, not from the last id: the server may repeat, never omit.
  expect(server.last.of("subscribe")).toMatchObject([{ channel: "messages", since: "abcd1234~0" }]);
  expect(heard.filter((each) => each === "one")).toHaveLength(1);
  expect(heard).toContain("two");
  server.publish("messages", "chat_added", { chat_id: 6, title: "" });
  await settle();
  server.drop();
  await pass(500);
  expect(server.last.of("subscribe")).toMatchObject([{ channel: "messages", since: "abcd1234~2" }]);
  server.last.tell({ type: "cursor", channel: "messages", cursor: "abcd1234~3" });
  await settle();
  server.drop();
  await pass(500);
  expect(server.last.of("subscribe")).toMatchObject([{ channel: "messages", since: "abcd1234~3" }]);
});

test("an event reaches the chat's channel, all chats', and the client's listeners, each once", async () => {
  const { client } = await at.scene.connected(alone);
  const chat = hear(client, "messages/5");
  const chats = hear(client, "messages");
  const other = hear(client, "messages/50");
  const all: string[] = [];
  client.on("new_message", ({ content }) => all.push(content));
  const typing: boolean[] = [];
  client.on("typing", (event) => typing.push(event.is_typing));
  await settle();
  message("hello");
  at.scene.server.tell({
    type: "typing",
    channel: "messages/5",
    user_id: 2,
    user_name: "Bo",
    is_typing: true,
  });
  await settle();
  expect(chat.slice(2)).toEqual(["hello", "typing"]);
  expect(chats.filter((each) => !each.includes("_") && each !== "caught up")).toEqual(["hello", "typing"]);
  expect(other).toEqual(["chat_state", "caught up"]);
  expect(all).toEqual(["hello"]);
  expect(typing).toEqual([true]);
});

test("`recovered: false`: the app is told to read the state again, and it goes on from there", async () => {
  const { server } = at.scene;
  const { client } = await at.scene.connected(alone);
  const heard = hear(client, "messages/5");
  await settle();
  message("one");
  await settle();
  server.drop();
  message("pruned");
  server.pruned = 2;
  await pass(500);
  message("live");
  await settle();
  expect(heard).toEqual(["chat_state", "caught up", "one", "reset", "chat_state", "caught up", "live"]);
  server.drop();
  await pass(500);
  expect(server.last.of("subscribe")).toMatchObject([{ since: "3" }]);
});

test("a break in the middle of a replay does not skip the rest of it", async () => {
  const { server } = at.scene;
  const { client } = await at.scene.connected(alone);
  const heard = hear(client, "messages");
  await settle();
  server.drop();
  await settle();
  message("one");
  message("two");
  // The link breaks after the first event of the replay.
  server.opening = (
    (original) =>
    (...args: Parameters<typeof original>) => {
      server.opening = original;
      server.last.end(1006);
      return original.apply(server, args).slice(0, 2);
    }
  )(server.opening);
  await pass(500);
  await pass(2_000);
  expect(heard.filter((each) => each === "one")).toHaveLength(1);
  expect(heard.filter((each) => each === "two")).toHaveLength(1);
});

test("a refused channel is lost, and may be asked for again", async () => {
  const { server } = at.scene;
  server.refuses = () => "forbidden";
  const { client } = await at.scene.connected(alone);
  const heard = hear(client, "messages/9");
  await settle();
  expect(heard).toEqual(["lost: forbidden"]);
  server.drop();
  await pass(500);
  expect(server.last.of("subscribe")).toEqual([]);
  server.refuses = () => null;
  client.channel("messages/9").open();
  await settle();
  expect(heard).toEqual(["lost: forbidden", "chat_state", "caught up"]);
});

test("a right that ends is told, and the channel is not asked for after the next break", async () => {
  const { server } = at.scene;
  const { client } = await at.scene.connected(alone);
  const heard = hear(client, "messages/5");
  await settle();
  server.last.tell({ type: "unsubscribed", channel: "messages/5", code: "forbidden" });
  await settle();
  expect(heard.at(-1)).toBe("lost: forbidden");
  server.drop();
  await pass(500);
  expect(server.last.of("subscribe")).toEqual([]);
});

test("a channel that cannot be opened now is asked for again", async () => {
  const { server } = at.scene;
  server.refuses = () => "unavailable";
  const { client } = await at.scene.connected(alone);
  const heard = hear(client, "messages/5");
  await settle();
  expect(heard).toEqual([]);
  server.refuses = () => null;
  await pass(2_000);
  expect(heard).toEqual(["chat_state", "caught up"]);
});

test("`catchingUp` is shown from the asking to `caught_up`", async () => {
  const { client } = await at.scene.connected(alone);
  const shown: boolean[] = [];
  client.onStatus(({ catchingUp }) => shown.push(catchingUp));
  client.channel("messages/5").open();
  expect(client.status.catchingUp).toBe(false);
  await settle();
  expect(shown).toEqual([true, false]);
});

test("a listener that throws does not keep others from hearing", async () => {
  const { client } = await at.scene.connected(alone);
  const errors: unknown[] = [];
  const note = (error: unknown) => errors.push(error);
  process.once("uncaughtException", note);
  const heard: string[] = [];
  client.channel("messages/5").on("new_message", () => {
    throw new Error("of the app");
  });
  client.channel("messages/5").on("new_message", ({ content }) => heard.push(content));
  client.channel("messages/5").open();
  await settle();
  message("hello");
  await settle();
  expect(heard).toEqual(["hello"]);
});

test("what the server still says of a subscription that was given up does not count for the next one", async () => {
  const { server } = at.scene;
  const { client } = await at.scene.connected(alone);
  message("one", "feed");
  // The answers are slow.
  const { onmessage } = server.last;
  const answers: Parameters<NonNullable<typeof onmessage>>[0][] = [];
  server.last.onmessage = (event) => answers.push(event);
  const close = client.channel("feed").open();
  await settle();
  close();
  await settle();
  const heard = hear(client, "feed", server.cursor("feed", 0));
  await settle();
  for (const event of answers) onmessage?.(event);
  expect(server.last.received.map(({ type }) => type).slice(-3)).toEqual([
    "subscribe",
    "unsubscribe",
    "subscribe",
  ]);
  expect(heard.filter((each) => each !== "chat_state")).toEqual(["one", "caught up"]);
});

// ── beside what is open already ───────────────────────────────────────────────────────────────

test("a chat opened from a cursor beside `messages` reads what the socket was told before, in order", async () => {
  const { server } = at.scene;
  const { client } = await at.scene.connected(alone);
  hear(client, "messages");
  await settle();
  message("one");
  const since = server.cursor("messages/5", 1); // a list was read by REST here
  message("two");
  await settle(); // told on `messages`, before anybody has the chat open
  const heard = hear(client, "messages/5", since);
  message("three");
  await pass(100);
  message("four");
  await settle();
  expect(heard.filter((each) => each !== "chat_state")).toEqual(["two", "three", "caught up", "four"]);
  expect(server.http.of("/api/events/").map((url) => url.search)).toEqual([
    "?channel=messages%2F5&wait=0&since=abcd1234-1",
  ]);
});

test("without an answer to that, the app is told to read the state again", async () => {
  const { server } = at.scene;
  const { client } = await at.scene.connected(alone);
  hear(client, "messages");
  await settle();
  server.mode = "gone"; // HTTP, and new sockets; the open one lives
  const heard = hear(client, "messages/5", "abcd1234-0");
  await settle();
  message("live");
  await pass(6_999);
  expect(heard).toEqual([]);
  await pass(1);
  expect(heard).toEqual(["reset", "chat_state", "live", "caught up"]);
});

test("a chat that is closed and opened again while it reads is told what belongs to its own cursor", async () => {
  const { server } = at.scene;
  const { client } = await at.scene.connected(alone);
  hear(client, "messages");
  await settle();
  for (const content of ["one", "two", "three"]) message(content);
  await settle();
  const close = client.channel("messages/5").open(server.cursor("messages/5", 2));
  await Promise.resolve();
  close();
  await Promise.resolve();
  const heard = hear(client, "messages/5", server.cursor("messages/5", 1));
  await pass(100);
  expect(heard.filter((each) => each !== "chat_state")).toEqual(["two", "three", "caught up"]);
});
