import { expect, test } from "vitest";
import type { KithClient, Pending } from "../src/index.js";
import type { Frame } from "../src/wire.js";
import { pass, scenes, settle } from "./scene.js";

const at = scenes();
const alone = { shareTabs: false, fallback: false };

const send = (client: KithClient, content: string, channel = "messages/5") =>
  client.channel(channel).send("message", { content });
const contents = (frames: readonly Frame[]) => frames.map(({ content }) => content);
const rows = (pending: readonly Pending[]) =>
  pending.map(({ fields, state }) => `${"content" in fields ? fields.content : ""}: ${state}`);
/** What is in the server's log: what was done, once each. */
const said = () => contents(at.scene.server.log);

function refuse(code: string, fields: Record<string, unknown> = {}) {
  return ({ ref = "", channel = "" }: Frame): Frame => ({
    type: "error",
    code,
    message: "No.",
    ref,
    channel,
    ...fields,
  });
}

test("what is sent is a row at once, and gone with its ack", async () => {
  const { client } = await at.scene.connected(alone);
  const acked: unknown[] = [];
  client.onAcked((pending, ack) => acked.push([pending.ref, ack.message_id, ack.duplicate]));
  const shown: string[][] = [];
  client.onPending((pending) => shown.push(rows(pending)));
  const row = send(client, "hi");
  expect(row).toMatchObject({
    channel: "messages/5",
    type: "message",
    fields: { content: "hi" },
    state: "queued",
  });
  expect(client.status.pending).toBe(1);
  await settle();
  expect(shown).toEqual([["hi: queued"], ["hi: sent"], []]);
  expect(acked).toEqual([[row.ref, 1, false]]);
  expect(client.status.pending).toBe(0);
});

test("what is written offline is sent when the link is there, in order and once", async () => {
  const { client } = at.scene.open(alone);
  for (const content of ["one", "two", "three"]) send(client, content);
  client.connect();
  await settle();
  expect(said()).toEqual(["one", "two", "three"]);
  expect(client.pending).toEqual([]);
});

test("of one channel one command is on its way at a time; channels do not wait for each other", async () => {
  const { server } = at.scene;
  const answers: (() => void)[] = [];
  server.answer = (frame) => {
    answers.push(() => server.last.tell(server.ack(frame)));
    return null;
  };
  const { client } = await at.scene.connected(alone);
  send(client, "one");
  send(client, "two");
  send(client, "elsewhere", "messages/6");
  await settle();
  expect(contents(server.commands)).toEqual(["one", "elsewhere"]);
  answers[0]?.();
  await settle();
  expect(contents(server.commands)).toEqual(["one", "elsewhere", "two"]);
});

test("a refused command fails with its error, and the next goes on", async () => {
  const { server } = at.scene;
  server.answer = (frame) =>
    frame.content === "bad" ? refuse("invalid_message", { field: "content" })(frame) : server.ack(frame);
  const { client } = await at.scene.connected(alone);
  const row = send(client, "bad");
  send(client, "good");
  await settle();
  expect(said()).toEqual(["good"]);
  expect(client.pending).toMatchObject([
    { ref: row.ref, state: "failed", error: { code: "invalid_message", field: "content" } },
  ]);
});

test("retry() sends a failed command again with its ref; discard() forgets it", async () => {
  const { server } = at.scene;
  server.answer = refuse("forbidden");
  const { client } = await at.scene.connected(alone);
  const first = send(client, "first");
  const second = send(client, "second");
  await settle();
  server.answer = (frame) => server.ack(frame);
  client.retry(first.ref);
  client.discard(second.ref);
  await settle();
  expect(server.commands.map(({ ref }) => ref)).toEqual([first.ref, second.ref, first.ref]);
  expect(said()).toEqual(["first"]);
  expect(client.pending).toEqual([]);
});

test("discard() forgets what is queued, but not what is on its way", async () => {
  const { server } = at.scene;
  server.answer = () => null;
  const { client } = await at.scene.connected(alone);
  const sent = send(client, "sent");
  const queued = send(client, "queued");
  await settle();
  client.discard(sent.ref);
  client.discard(queued.ref);
  expect(rows(client.pending)).toEqual(["sent: sent"]);
});

test("`rate_limited`: the same command again after retry_after, and nothing before it", async () => {
  const { server } = at.scene;
  server.answer = refuse("rate_limited", { retry_after: 3 });
  const { client } = await at.scene.connected(alone);
  const row = send(client, "one");
  send(client, "two");
  send(client, "elsewhere", "messages/6");
  await settle();
  server.answer = (frame) => server.ack(frame);
  expect(contents(server.commands)).toEqual(["one", "elsewhere"]);
  await pass(2_999);
  expect(server.commands).toHaveLength(2);
  expect(rows(client.pending)).toEqual(["one: queued", "two: queued", "elsewhere: queued"]);
  await pass(1);
  expect(server.commands[2]).toMatchObject({ ref: row.ref });
  expect(said().filter((content) => content !== "elsewhere")).toEqual(["one", "two"]);
});

test.each(["unavailable", "internal"])("`%s`: the same ref again, after longer and longer", async (code) => {
  const { server } = at.scene;
  server.answer = refuse(code);
  const { client } = await at.scene.connected(alone);
  const row = send(client, "one");
  await settle();
  await pass(1_000);
  await pass(2_000);
  expect(server.commands.map(({ ref }) => ref)).toEqual([row.ref, row.ref, row.ref]);
  server.answer = (frame) => server.ack(frame);
  await pass(4_000);
  expect(said()).toEqual(["one"]);
});

test("a command that breaks the server each time fails in the end, and lets the others through", async () => {
  const { server } = at.scene;
  server.answer = (frame) => (frame.content === "poison" ? refuse("internal")(frame) : server.ack(frame));
  const { client } = await at.scene.connected(alone);
  send(client, "poison");
  send(client, "next");
  await pass(60_000);
  expect(rows(client.pending)).toEqual(["poison: failed"]);
  expect(said()).toEqual(["next"]);
});

test("a link that breaks before the ack: the same ref again, which makes nothing twice", async () => {
  const { server } = at.scene;
  server.answer = (frame) => {
    server.ack(frame);
    server.drop();
    return null; // done, but the client does not hear of it
  };
  const { client } = await at.scene.connected(alone);
  const duplicates: unknown[] = [];
  client.onAcked((_, ack) => duplicates.push(ack.duplicate));
  send(client, "one");
  send(client, "two");
  await settle();
  expect(rows(client.pending)).toEqual(["one: queued", "two: queued"]);
  server.answer = (frame) => server.ack(frame);
  await pass(500);
  expect(said()).toEqual(["one", "two"]);
  expect(duplicates).toEqual([true, false]);
});

test("an ack that is lost on a live link is asked for again", async () => {
  const { server } = at.scene;
  server.answer = (frame) => {
    server.ack(frame);
    return null;
  };
  const { client } = await at.scene.connected(alone);
  send(client, "one");
  await settle();
  server.answer = (frame) => server.ack(frame);
  await pass(15_000);
  expect(client.pending).toEqual([]);
  expect(said()).toEqual(["one"]);
});

test("the channel is opened for sending, and let go when all is sent", async () => {
  const { server } = at.scene;
  const { client } = await at.scene.connected(alone);
  send(client, "one");
  await settle();
  expect(server.last.of("subscribe")).toHaveLength(1);
  expect([...server.last.channels]).toEqual([]);
});

test("no right to the channel: all that waits for it fails", async () => {
  const { server } = at.scene;
  server.refuses = (channel) => (channel === "messages/9" ? "forbidden" : null);
  const { client } = await at.scene.connected(alone);
  send(client, "one", "messages/9");
  send(client, "two", "messages/9");
  send(client, "good");
  await settle();
  expect(rows(client.pending)).toEqual(["one: failed", "two: failed"]);
  expect(client.pending[0]?.error?.code).toBe("forbidden");
  expect(said()).toEqual(["good"]);
});

// ── over a reload ─────────────────────────────────────────────────────────────────────────────

test("what was written before a reload is sent first, in order, once", async () => {
  const { server } = at.scene;
  server.mode = "gone";
  const before = await at.scene.connected(alone);
  for (const content of ["one", "two", "three"]) send(before.client, content);
  await settle();
  before.tab.kill();
  const after = at.scene.open(alone);
  send(after.client, "four");
  server.mode = "up";
  after.client.connect();
  await settle();
  expect(said()).toEqual(["one", "two", "three", "four"]);
  before.client.dispose();
  const third = await at.scene.connected(alone);
  expect(third.client.pending).toEqual([]);
  expect(server.commands).toHaveLength(4);
});

test("a reload between the sending and the ack: the same ref, so once", async () => {
  const { server } = at.scene;
  server.answer = (frame) => {
    server.ack(frame);
    return null;
  };
  const before = await at.scene.connected(alone);
  send(before.client, "one");
  await settle();
  before.tab.kill();
  server.answer = (frame) => server.ack(frame);
  const after = await at.scene.connected(alone);
  expect(said()).toEqual(["one"]);
  expect(after.client.pending).toEqual([]);
});

test("a failure is still shown after a reload, with its error, and can be retried", async () => {
  const { server } = at.scene;
  server.answer = refuse("conflict");
  const before = await at.scene.connected(alone);
  const row = send(before.client, "one");
  await settle();
  before.client.dispose();
  server.answer = (frame) => server.ack(frame);
  const { client } = await at.scene.connected(alone);
  expect(client.pending).toMatchObject([{ ref: row.ref, state: "failed", error: { code: "conflict" } }]);
  expect(server.commands).toHaveLength(1);
  client.retry(row.ref);
  await settle();
  expect(said()).toEqual(["one"]);
});

test("what is discarded does not come back with a reload", async () => {
  const { server } = at.scene;
  server.mode = "gone";
  const before = await at.scene.connected(alone);
  before.client.discard(send(before.client, "one").ref);
  await settle();
  before.client.dispose();
  server.mode = "up";
  const { client } = await at.scene.connected(alone);
  expect(client.pending).toEqual([]);
  expect(said()).toEqual([]);
});

test("nobody's words are sent as somebody else's", async () => {
  const { server } = at.scene;
  server.mode = "gone";
  const ann = await at.scene.connected({ ...alone, user: "ann" });
  send(ann.client, "of ann");
  await settle();
  ann.client.dispose();
  server.mode = "up";
  const bob = await at.scene.connected({ ...alone, user: "bob" });
  expect(bob.client.pending).toEqual([]);
  expect(said()).toEqual([]);
  await at.scene.connected({ ...alone, user: "ann" });
  expect(said()).toEqual(["of ann"]);
});

test("without `user` it is read from the token, or told by the server to whom a cookie signs in", async () => {
  const { server } = at.scene;
  const token = `x.${btoa(JSON.stringify({ user_id: 7 }))}.y`;
  server.user = 7;
  server.mode = "gone";
  const before = await at.scene.connected({ ...alone, user: undefined, token: () => token });
  send(before.client, "one");
  await settle();
  before.client.dispose();
  server.mode = "up";
  await at.scene.connected({ ...alone, user: undefined, token: undefined });
  expect(said()).toEqual(["one"]);
});

test.each([
  ["there is no IndexedDB", { indexedDB: undefined }, {}],
  ["memory is asked for", {}, { outbox: "memory" as const }],
])("where %s, what waits is kept in memory", async (_, surroundings, options) => {
  const { client } = at.scene.open({ ...alone, ...options }, undefined, surroundings);
  send(client, "one");
  client.connect();
  await settle();
  expect(said()).toEqual(["one"]);
  expect(await at.scene.browser.indexedDB.databases()).toEqual([]);
});

// ── request and emit ──────────────────────────────────────────────────────────────────────────

test("request() resolves with its ack, and rejects with the server's error", async () => {
  const { server } = at.scene;
  const { client } = await at.scene.connected(alone);
  const channel = client.channel("messages/5");
  await expect(channel.request("message", { content: "hi" })).resolves.toMatchObject({ message_id: 1 });
  server.answer = refuse("not_found");
  const refused = expect(channel.request("delete", { message_id: 4 })).rejects.toMatchObject({
    code: "not_found",
  });
  await settle();
  await refused;
});

test("request() rejects at once while offline, when the link breaks, and after 15 s without an answer", async () => {
  const { server } = at.scene;
  server.answer = () => null;
  const { client } = at.scene.open(alone);
  const channel = client.channel("messages/5");
  await expect(channel.request("read", { message_id: 1 })).rejects.toMatchObject({ code: "network" });
  client.connect();
  await settle();
  const broken = expect(channel.request("read", { message_id: 1 })).rejects.toMatchObject({
    code: "network",
  });
  await settle();
  server.drop();
  await settle();
  await broken;
  await pass(1_000);
  const late = expect(channel.request("read", { message_id: 1 })).rejects.toMatchObject({ code: "timeout" });
  await pass(15_000);
  await late;
});

test("emit() writes without a ref, and forgets what it cannot write", async () => {
  const { server } = at.scene;
  const { client } = await at.scene.connected(alone);
  const channel = client.channel("messages/5");
  expect(channel.emit("typing", { is_typing: true })).toBe(false);
  channel.open();
  await settle();
  expect(channel.emit("typing", { is_typing: true })).toBe(true);
  await settle();
  expect(server.commands).toEqual([{ type: "typing", is_typing: true, channel: "messages/5" }]);
  server.drop();
  await settle();
  expect(channel.emit("typing", { is_typing: false })).toBe(false);
  await pass(1_000);
  expect(server.commands).toHaveLength(1);
});
