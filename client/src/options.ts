import type { ClientOptions, TokenSource } from "./types.js";

/** Where Kith is. */
export interface Endpoint {
  /** Of the multiplexed WebSocket: `wss://host/ws`. */
  readonly socket: string;
  /** What `/api/…` is appended to: `https://host`. */
  readonly http: string;
}

/** `ClientOptions` with every default filled in. */
export interface Options {
  /** Null: disabled. */
  readonly endpoint: Endpoint | null;
  readonly token: TokenSource | undefined;
  readonly user: string | null;
  readonly reconnect: boolean;
  readonly maxReconnectAttempts: number;
  readonly initialReconnectDelay: number;
  readonly maxReconnectDelay: number;
  readonly heartbeatInterval: number;
  readonly heartbeatTimeout: number;
  readonly fallback: boolean;
  readonly shareTabs: boolean;
  readonly outbox: "indexeddb" | "memory";
}

export function resolveOptions(given: ClientOptions): Options {
  const url = given.url === undefined ? defaultUrl() : given.url;
  return {
    endpoint: (given.enabled ?? true) ? endpoint(url) : null,
    token: given.token,
    user: given.user === undefined ? null : String(given.user),
    reconnect: given.reconnect ?? true,
    maxReconnectAttempts: given.maxReconnectAttempts ?? 10,
    initialReconnectDelay: given.initialReconnectDelay ?? 1_000,
    maxReconnectDelay: given.maxReconnectDelay ?? 30_000,
    heartbeatInterval: given.heartbeatInterval ?? 30_000,
    heartbeatTimeout: given.heartbeatTimeout ?? 5_000,
    fallback: given.fallback ?? true,
    shareTabs: given.shareTabs ?? true,
    outbox: given.outbox ?? "indexeddb",
  };
}

/** `wss://host/ws`, `https://host`, or a path of the page's host; null where that makes no address. */
export function endpoint(url: string | null): Endpoint | null {
  if (url === null || url === "") return null;
  const base = pageUrl();
  let found: URL;
  try {
    found = new URL(url, base);
  } catch {
    return null;
  }
  const secure = found.protocol === "https:" || found.protocol === "wss:";
  if (!secure && found.protocol !== "http:" && found.protocol !== "ws:") return null;
  const path = found.pathname.replace(/\/+$/, "").replace(/\/ws$/, "");
  const place = `${found.host}${path}`;
  return {
    socket: `${secure ? "wss" : "ws"}://${place}/ws`,
    http: `${secure ? "https" : "http"}://${place}`,
  };
}

function defaultUrl(): string | null {
  // Bundlers put the values in place of these very expressions.
  const given = import.meta.env?.VITE_WEBSOCKET_URL || import.meta.env?.VITE_WS_URL;
  return given || pageUrl()?.origin || null;
}

function pageUrl(): URL | undefined {
  const href = (globalThis as { location?: { href?: string } }).location?.href;
  if (href === undefined || !/^https?:/.test(href)) return undefined; // about:blank, file://, a worker's blob
  return new URL(href);
}
