import { afterEach, expect, test, vi } from "vitest";
import { endpoint, resolveOptions } from "../src/options.js";

afterEach(() => {
  vi.unstubAllEnvs();
  vi.unstubAllGlobals();
});

test("an address is that of the socket, of the site, or of any path", () => {
  const kith = { socket: "wss://kith.test/ws", http: "https://kith.test" };
  expect(endpoint("wss://kith.test/ws")).toEqual(kith);
  expect(endpoint("https://kith.test")).toEqual(kith);
  expect(endpoint("https://kith.test/ws/")).toEqual(kith);
  expect(endpoint("http://localhost:8000/app/")).toEqual({
    socket: "ws://localhost:8000/app/ws",
    http: "http://localhost:8000/app",
  });
});

test("a path belongs to the page's host", () => {
  vi.stubGlobal("location", { href: "https://page.test/inbox?tab=1" });
  expect(endpoint("/ws")).toEqual({ socket: "wss://page.test/ws", http: "https://page.test" });
  expect(endpoint("/kith/ws")?.http).toBe("https://page.test/kith");
});

test("by default the build says where Kith is, else the page's own host", () => {
  vi.stubGlobal("location", { href: "http://page.test:3000/x" });
  expect(resolveOptions({}).endpoint?.socket).toBe("ws://page.test:3000/ws");
  vi.stubEnv("VITE_WS_URL", "wss://two.test/ws");
  expect(resolveOptions({}).endpoint?.socket).toBe("wss://two.test/ws");
  vi.stubEnv("VITE_WEBSOCKET_URL", "wss://one.test/ws");
  expect(resolveOptions({}).endpoint?.socket).toBe("wss://one.test/ws");
});

test.each([
  ["without an address", {}],
  ["with null", { url: null }],
  ["with an empty one", { url: "" }],
  ["with a path and no page", { url: "/ws" }],
  ["with nonsense", { url: "http://" }],
  ["with another protocol", { url: "ftp://kith.test" }],
  ["with enabled: false", { url: "wss://kith.test/ws", enabled: false }],
])("%s it is disabled, and throws nothing", (_, options) => {
  expect(resolveOptions(options).endpoint).toBeNull();
});

test("the defaults are those of the documentation", () => {
  expect(resolveOptions({ url: null })).toEqual({
    endpoint: null,
    token: undefined,
    user: null,
    reconnect: true,
    maxReconnectAttempts: 10,
    initialReconnectDelay: 1_000,
    maxReconnectDelay: 30_000,
    heartbeatInterval: 30_000,
    heartbeatTimeout: 5_000,
    fallback: true,
    shareTabs: true,
    outbox: "indexeddb",
  });
});
