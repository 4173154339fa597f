import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { KithClient } from "../src/index.js";
import { FakeServer } from "./fakeServer.js";

let server: FakeServer;
let client: KithClient;

beforeEach(() => {
  vi.useFakeTimers();
  server = new FakeServer();
  client = new KithClient(
    { url: "ws://kith.test", token: () => "t", shareTabs: false },
    server.environment(),
  );
});

afterEach(() => {
  client.dispose();
  vi.useRealTimers();
});

const soon = () => vi.advanceTimersByTimeAsync(1);

test("an event reaches those who listen, once", async () => {
  const heard: string[] = [];
  client.channel("messages/5").open();
  client.channel("messages/5").on("new_message", (event) => heard.push(event.content));
  client.on("new_message", (event) => heard.push(`any ${event.content}`));
  client.connect();
  await soon();
  expect(client.status.state).toBe("connected");
  server.publish("messages/5", "new_message", { content: "hello" });
  await soon();
  expect(heard).toEqual(["hello", "any hello"]);
});

test("a message is sent once and its row goes when it is acknowledged", async () => {
  client.connect();
  const row = client.channel("messages/5").send("message", { content: "hi" });
  expect(client.pending).toEqual([row]);
  await soon();
  expect(server.commands).toMatchObject([{ type: "message", content: "hi", ref: row.ref }]);
  expect(client.pending).toEqual([]);
});

test("request waits for its ack", async () => {
  client.connect();
  await soon();
  const asked = client.channel("messages/5").request("react", { message_id: 1, emoji: "+", added: true });
  await soon();
  await expect(asked).resolves.toMatchObject({ message_id: 1 });
});
