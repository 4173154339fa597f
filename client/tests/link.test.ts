import { expect, test, vi } from "vitest";
import { pass, scenes, settle } from "./scene.js";

const at = scenes();
const alone = { shareTabs: false, fallback: false };

test("nothing is opened, and nobody asked for a token, before connect()", async () => {
  const token = vi.fn(() => "t");
  const { client } = at.scene.open({ ...alone, token });
  await pass(1_000);
  expect(client.status).toMatchObject({ state: "disconnected", lastError: null, retryAt: null });
  expect(at.scene.server.sockets).toEqual([]);
  expect(token).not.toHaveBeenCalled();
});

test("disconnected → connecting → connected: the token goes in the first frame, not into the address", async () => {
  const { client, states } = await at.scene.connected(alone);
  expect(states).toEqual(["connecting", "connected"]);
  expect(at.scene.server.last.url).toBe("wss://kith.test/ws");
  expect(at.scene.server.last.received[0]).toEqual({ type: "authenticate", token: "token" });
  expect(client.status).toMatchObject({ transport: "websocket", leading: true, attempt: 0, lastError: null });
});

test("without a token callback the session cookie signs in, and no frame is sent for it", async () => {
  const { client } = await at.scene.connected({ ...alone, token: undefined });
  expect(client.status.state).toBe("connected");
  expect(at.scene.server.last.of("authenticate")).toEqual([]);
});

test("connected → reconnecting → connected: a broken link is made again", async () => {
  const { client, states } = await at.scene.connected(alone);
  at.scene.server.drop();
  await settle();
  expect(client.status).toMatchObject({
    state: "reconnecting",
    delay: 500,
    retryAt: Date.now() + 500,
    transport: null,
  });
  expect(client.status.lastError).toMatchObject({ code: "closed", closeCode: 1006 });
  await pass(500);
  expect(states).toEqual(["connecting", "connected", "reconnecting", "connected"]);
  expect(client.status).toMatchObject({ attempt: 0, delay: 0, retryAt: null, lastError: null });
});

test("waits double with each failed try, and begin anew only after a link was signed in", async () => {
  const { server } = at.scene;
  const { client } = await at.scene.connected({ ...alone, token: undefined });
  server.mode = "gone";
  server.drop();
  await settle();
  const delays = [client.status.delay];
  for (let n = 0; n < 6; n += 1) {
    await pass(client.status.delay);
    delays.push(client.status.delay);
  }
  expect(delays).toEqual([500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000]);
  expect(client.status.attempt).toBe(6);
  server.mode = "up";
  server.accepts = () => false; // it opens, but does not sign in: that is no success
  await pass(client.status.delay);
  server.drop(1013);
  await settle();
  expect(client.status).toMatchObject({ attempt: 7, delay: 15_000 });
});

test("connecting → disconnected after maxReconnectAttempts, while it goes on every 30 to 60 s", async () => {
  const { server } = at.scene;
  server.mode = "gone";
  const { client, states } = at.scene.open({ ...alone, maxReconnectAttempts: 3 });
  client.connect();
  await settle();
  while (client.status.state === "connecting") await pass(client.status.delay);
  expect(client.status).toMatchObject({ state: "disconnected", attempt: 3, delay: 45_000 });
  expect(server.sockets).toHaveLength(3);
  await pass(45_000);
  expect(server.sockets).toHaveLength(4);
  expect(client.status).toMatchObject({ state: "disconnected", attempt: 4, delay: 45_000 });
  server.mode = "up";
  await pass(45_000);
  expect(states).toEqual(["connecting", "disconnected", "connected"]);
});

test.each(["online", "shown"])("disconnected → connected at once when the browser is %s", async (how) => {
  const { server } = at.scene;
  server.mode = "gone";
  const { client, tab } = at.scene.open({ ...alone, maxReconnectAttempts: 1 });
  client.connect();
  await pass(0);
  expect(client.status.state).toBe("disconnected");
  server.mode = "up";
  if (how === "online") tab.goOnline(true);
  else tab.show(false);
  if (how === "shown") tab.show(true);
  await settle();
  expect(client.status.state).toBe("connected");
});

test("reconnect() ends any wait; on a live link it makes a new one", async () => {
  const { server } = at.scene;
  const { client, states } = await at.scene.connected(alone);
  client.reconnect();
  await settle();
  expect(server.sockets).toHaveLength(2);
  expect(server.open).toHaveLength(1);
  server.drop();
  await settle();
  client.reconnect();
  await settle();
  expect(server.sockets).toHaveLength(3);
  expect(states).toEqual([
    "connecting",
    "connected",
    "reconnecting",
    "connected",
    "reconnecting",
    "connected",
  ]);
});

test("connect() is harmless while there is a link, or one is being made", async () => {
  const { client } = at.scene.open(alone);
  client.connect();
  client.connect();
  await settle();
  client.connect();
  await settle();
  expect(at.scene.server.sockets).toHaveLength(1);
});

test("disconnect() closes the link and stays away; connect() comes back", async () => {
  const { client, states } = await at.scene.connected(alone);
  client.disconnect();
  await pass(120_000);
  expect(at.scene.server.sockets).toHaveLength(1);
  expect(at.scene.server.last.closedBy).toBe(1000);
  expect(client.status).toMatchObject({ state: "disconnected", retryAt: null, leading: false });
  client.connect();
  await settle();
  expect(states).toEqual(["connecting", "connected", "disconnected", "connecting", "connected"]);
});

test("disconnect() while a link is being made leaves none", async () => {
  const { client } = at.scene.open(alone);
  client.connect();
  client.disconnect();
  await pass(60_000);
  expect(at.scene.server.open).toEqual([]);
  expect(client.status.state).toBe("disconnected");
});

test("reconnect: false leaves a broken link broken, until connect()", async () => {
  const { client } = await at.scene.connected({ ...alone, reconnect: false });
  at.scene.server.drop();
  await pass(120_000);
  expect(client.status).toMatchObject({ state: "disconnected", retryAt: null });
  expect(client.status.lastError).toMatchObject({ closeCode: 1006 });
  client.connect();
  await settle();
  expect(client.status.state).toBe("connected");
});

test("a disabled client does nothing and throws nothing", async () => {
  const { client } = at.scene.open({ ...alone, url: null });
  client.connect();
  client.reconnect();
  client.channel("messages/5").open();
  expect(client.channel("messages/5").emit("typing", { is_typing: true })).toBe(false);
  await expect(client.channel("messages/5").request("read", { message_id: 1 })).rejects.toMatchObject({
    code: "network",
  });
  client.channel("messages/5").send("message", { content: "kept" });
  expect(client.pending).toHaveLength(1);
  client.disconnect();
  await settle();
  expect(client.status).toMatchObject({ state: "disconnected", pending: 1 });
});

// ── close codes ───────────────────────────────────────────────────────────────────────────────

test.each([1007, 1009, 4400, 4403])("close code %i: error, and no coming back by itself", async (code) => {
  const { client } = await at.scene.connected(alone);
  at.scene.server.drop(code);
  await pass(120_000);
  expect(client.status).toMatchObject({ state: "error", retryAt: null });
  expect(client.status.lastError?.closeCode).toBe(code);
  expect(at.scene.server.sockets).toHaveLength(1);
  client.connect();
  await settle();
  expect(client.status.state).toBe("connected");
});

test.each([1000, 1001, 1006, 1011, 1013, 4408])("close code %i: back after a random while", async (code) => {
  const { client } = await at.scene.connected(alone);
  at.scene.server.drop(code);
  await settle();
  expect(client.status).toMatchObject({ state: "reconnecting", delay: 500 });
});

test("1012 after `reconnect`: back after the server's after_ms", async () => {
  const { server } = at.scene;
  const { client } = await at.scene.connected(alone);
  server.last.tell({ type: "reconnect", after_ms: 2_345 });
  server.drop(1012);
  await settle();
  expect(client.status).toMatchObject({ state: "reconnecting", delay: 2_345 });
});

test("4429: back after the server's retry_after", async () => {
  const { server } = at.scene;
  const { client } = await at.scene.connected(alone);
  server.last.tell({ type: "error", code: "rate_limited", message: "Slow down.", retry_after: 7 });
  server.drop(4429);
  await settle();
  expect(client.status).toMatchObject({ state: "reconnecting", delay: 7_000 });
  expect(client.status.lastError).toMatchObject({ code: "rate_limited", retryAfter: 7, closeCode: 4429 });
});

test("a server that accepts and says nothing is given up after 15 s", async () => {
  at.scene.server.accepts = () => true;
  const { client } = at.scene.open({ ...alone, token: undefined });
  at.scene.server.accepts = () => false;
  client.connect();
  await pass(14_999);
  expect(client.status.attempt).toBe(0);
  await pass(1);
  expect(client.status).toMatchObject({ attempt: 1, lastError: { code: "timeout" } });
});

// ── tokens ────────────────────────────────────────────────────────────────────────────────────

test("`token_expiring`: a new token is asked for and given on the open socket", async () => {
  const { server } = at.scene;
  const tokens = ["first", "second"];
  const { states } = await at.scene.connected({ ...alone, token: () => tokens.shift() ?? null });
  server.last.tell({ type: "token_expiring", expires_at: "" });
  await settle();
  expect(server.last.of("authenticate").map(({ token }) => token)).toEqual(["first", "second"]);
  expect(server.sockets).toHaveLength(1);
  expect(states).toEqual(["connecting", "connected"]);
});

test("a refused token is asked for once more, at once", async () => {
  const { server } = at.scene;
  server.accepts = (token) => token === "fresh";
  const tokens = ["stale", "fresh"];
  const { client, states } = await at.scene.connected({ ...alone, token: () => tokens.shift() ?? null });
  expect(client.status.state).toBe("connected");
  expect(states).toEqual(["connecting", "connected"]);
});

test("connected → error: a second refusal in a row", async () => {
  const { server } = at.scene;
  const { client, states } = await at.scene.connected(alone);
  server.accepts = () => false;
  server.last.tell({ type: "auth_error", code: "token_revoked", message: "Signed out." });
  server.drop(4401);
  await pass(120_000);
  expect(states).toEqual(["connecting", "connected", "reconnecting", "error"]);
  expect(client.status.lastError).toMatchObject({ code: "token_invalid", closeCode: 4401 });
  expect(server.sockets).toHaveLength(2);
});

test("null from the callback: signed out, without asking the server", async () => {
  const { client } = await at.scene.connected({ ...alone, token: () => null });
  expect(client.status).toMatchObject({ state: "error", lastError: { code: "signed_out" } });
  expect(at.scene.server.sockets).toEqual([]);
});

test("a callback that throws is asked again after a while", async () => {
  const token = vi.fn<() => string>().mockImplementationOnce(() => {
    throw new Error("offline");
  });
  token.mockReturnValue("t");
  const { client } = await at.scene.connected({ ...alone, token });
  expect(client.status).toMatchObject({ state: "connecting", attempt: 1, lastError: { code: "network" } });
  await pass(client.status.delay);
  expect(client.status.state).toBe("connected");
});

test.each([4401, 4408])(
  "by cookie, %i before `connected` means that nobody is signed in: error",
  async (code) => {
    at.scene.server.accepts = () => false;
    const { client } = at.scene.open({ ...alone, token: undefined });
    client.connect();
    await settle();
    at.scene.server.drop(code);
    await pass(120_000);
    expect(client.status.state).toBe("error");
    expect(at.scene.server.sockets).toHaveLength(1);
  },
);

test("a link that comes back as somebody else's is an error: what the page shows is another's", async () => {
  const { server } = at.scene;
  const { client } = await at.scene.connected(alone);
  server.user = 2;
  server.drop();
  await pass(1_000);
  expect(client.status).toMatchObject({ state: "error", lastError: { code: "user_changed" } });
  expect(server.open).toEqual([]);
});

// ── heartbeat ─────────────────────────────────────────────────────────────────────────────────

test("a ping every 30 s; its round trip is the latency", async () => {
  const { client } = await at.scene.connected(alone);
  await pass(29_999);
  expect(at.scene.server.last.of("ping")).toHaveLength(0);
  await pass(1);
  expect(at.scene.server.last.of("ping")).toHaveLength(1);
  expect(client.status.latency).toBe(0);
  await pass(30_000);
  expect(at.scene.server.last.of("ping")).toHaveLength(2);
});

test("no pong within 5 s: the socket is dead and another is made", async () => {
  const { server } = at.scene;
  const { client, states } = await at.scene.connected(alone);
  server.pongs = false;
  await pass(34_999);
  expect(client.status.state).toBe("connected");
  await pass(1);
  expect(client.status).toMatchObject({ state: "reconnecting", lastError: { code: "timeout" } });
  expect(server.last.closedBy).toBe(1000);
  server.pongs = true;
  await pass(500);
  expect(states.at(-1)).toBe("connected");
});

test("the heartbeat rests while the tab is hidden, and the link is checked when it is shown", async () => {
  const { server } = at.scene;
  const { tab } = await at.scene.connected(alone);
  tab.show(false);
  await pass(600_000);
  expect(server.last.of("ping")).toHaveLength(0);
  server.pongs = false;
  tab.show(true);
  await settle();
  expect(server.last.of("ping")).toHaveLength(1);
  await pass(5_500);
  expect(server.sockets).toHaveLength(2);
});

test.each([true, false])(
  "a link that seems to live is checked when the browser is online: %s",
  async (online) => {
    const { tab } = await at.scene.connected(alone);
    tab.goOnline(online);
    await settle();
    expect(at.scene.server.last.of("ping")).toHaveLength(1);
  },
);

test("what the browser says of its network is shown", async () => {
  const { client, tab } = await at.scene.connected(alone);
  tab.goOnline(false);
  expect(client.status.online).toBe(false);
  tab.goOnline(true);
  expect(client.status.online).toBe(true);
});
