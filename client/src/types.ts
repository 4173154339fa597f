/**
 * The public types of the client. What goes over the wire is in `generated.ts`, made from the server's
 * event classes; this file is what an app writes against.
 */

import type { CommandName, EventOf, EventType, FieldsOf, ServerEvent } from "./generated.js";

export type Unsubscribe = () => void;

/**
 * `connecting`: the first link is being made. `connected`: frames flow. `reconnecting`: the link broke, and is being
 * made again. `disconnected`: by wish, or after `maxReconnectAttempts` (a slow try goes on in that case).
 * `error`: refused for good (signed out, no right): only `connect()` with something changed helps.
 */
export type ConnectionState = "connecting" | "connected" | "reconnecting" | "disconnected" | "error";

export type TransportName = "websocket" | "sse" | "poll";

/** A snapshot of how the link is. A new object at each change, never changed in place. */
export interface Status {
  readonly state: ConnectionState;
  /** Some open channel is still being replayed. */
  readonly catchingUp: boolean;
  /** What the browser says of its network. */
  readonly online: boolean;
  /** How many tries in a row have failed. */
  readonly attempt: number;
  /** ms that the running wait lasts in all; 0 when none runs. */
  readonly delay: number;
  /** When the next try comes, as `Date.now()` tells time; null when none is planned. */
  readonly retryAt: number | null;
  /** Round trip of the last ping in ms; null before the first. */
  readonly latency: number | null;
  readonly transport: TransportName | null;
  /** Whether this tab holds the link, or another tab of this browser lends it. */
  readonly leading: boolean;
  /** Commands that wait to be sent, or for their ack. */
  readonly pending: number;
  readonly lastError: ClientError | null;
}

/** What went wrong, by PROTOCOL §6, or `network`, `closed` (with the close code) and `timeout`. */
export interface ClientError {
  readonly code: string;
  readonly message: string;
  readonly field?: string;
  readonly retryAfter?: number;
  readonly closeCode?: number;
}

export type TokenSource = () => string | null | Promise<string | null>;

export interface ClientOptions {
  /**
   * Where Kith is: `wss://host/ws`, `https://host`, or a path. Default: `VITE_WEBSOCKET_URL`, then `VITE_WS_URL`, then
   * the page's own host. Null, or none of these: the client is disabled and throws nothing.
   */
  url?: string | null | undefined;
  /** Asked for an access token before each link and each refresh. Default: none; the session cookie signs in. */
  token?: TokenSource | undefined;
  /** Whose outbox and which tabs belong together. Default: the token's user id, else "session". */
  user?: string | number | undefined;
  /** Default true. False: nothing is opened until it is true. */
  enabled?: boolean | undefined;
  /** Default true. False: a broken link stays broken until `connect()`. */
  reconnect?: boolean | undefined;
  /** Default 10; then `disconnected` is shown, while it goes on trying every 30 to 60 s. */
  maxReconnectAttempts?: number | undefined;
  /** ms; default 1,000. The wait before try n is random in 0 … min(max, initial × 2ⁿ) (full jitter). */
  initialReconnectDelay?: number | undefined;
  /** ms; default 30,000. */
  maxReconnectDelay?: number | undefined;
  /** ms between pings while the tab is shown; default 30,000. */
  heartbeatInterval?: number | undefined;
  /** ms that a pong may take; default 5,000. */
  heartbeatTimeout?: number | undefined;
  /** Default true. Server-Sent Events, then long polling, where WebSockets do not get through. */
  fallback?: boolean | undefined;
  /** Default true. One link for all tabs of this user, where the browser has Web Locks and BroadcastChannel. */
  shareTabs?: boolean | undefined;
  /** Where unsent commands are kept. Default "indexeddb", and "memory" where the browser has none. */
  outbox?: "indexeddb" | "memory" | undefined;
}

/** A command that was sent with `send`, from its call until its ack. */
export interface Pending<C extends CommandName = CommandName> {
  readonly ref: string;
  readonly channel: string;
  readonly type: C;
  readonly fields: FieldsOf<C>;
  /** `queued`: waits for its turn or the link. `sent`: waits for its ack. `failed`: refused; see `error`. */
  readonly state: "queued" | "sent" | "failed";
  readonly error: ClientError | null;
  /** When it was made, as `Date.now()` tells time. */
  readonly createdAt: number;
}

/** What the server made of a command. */
export interface Ack {
  readonly ref: string;
  readonly duplicate?: boolean;
  readonly [made: string]: unknown;
}

/** One channel, such as `messages/5`. Made by `KithClient.channel`; the same object for the same name. */
export interface ChannelHandle {
  readonly name: string;
  /**
   * Open the channel for as long as somebody holds it open. `since`: a cursor that a REST list gave, to go on from; it
   * counts for the first opener only. Returns what lets go again.
   */
  open(since?: string): Unsubscribe;
  /** Each event of this type, once (repeats are dropped by id). */
  on<T extends EventType>(type: T, fn: (event: EventOf<T>) => void): Unsubscribe;
  /** Every event of the channel. */
  onAny(fn: (event: ServerEvent) => void): Unsubscribe;
  /** The events missed cannot all be told (`recovered: false`): read the state again by REST. */
  onReset(fn: () => void): Unsubscribe;
  /** What was missed has been told; what follows is live. */
  onCaughtUp(fn: () => void): Unsubscribe;
  /** The channel was refused, or the right to it was lost. It is not open any more. */
  onLost(fn: (error: ClientError) => void): Unsubscribe;
  /**
   * Send at once and wait for the ack; nothing is kept.
   * Rejects with a `ClientError`: offline, refused, or no ack in time.
   */
  request<C extends CommandName>(type: C, fields: FieldsOf<C>): Promise<Ack>;
  /** Send without an ack if the link is up, else forget it: typing, read marks. True: it was written. */
  emit<C extends CommandName>(type: C, fields: FieldsOf<C>): boolean;
  /**
   * Send exactly once, now or whenever the link is back, in the order of the calls; survives a reload. What is
   * returned is the optimistic row; its changes are told by `KithClient.onPending`.
   */
  send<C extends CommandName>(type: C, fields: FieldsOf<C>): Pending<C>;
}

export interface KithClientApi {
  readonly status: Status;
  onStatus(fn: (status: Status) => void): Unsubscribe;
  /** Make the link. Harmless when it is there. Also after `error`, once something changed. */
  connect(): void;
  /** Let go of the link and stay away until `connect()`. Channels stay declared, the outbox stays. */
  disconnect(): void;
  /** Try at once, whatever wait runs; on a live link: make a new one. */
  reconnect(): void;
  /** The end: no timer, listener, lock or socket is left. The object is useless afterwards. */
  dispose(): void;
  channel(name: string): ChannelHandle;
  /** Events of this type on any open channel. */
  on<T extends EventType>(type: T, fn: (event: EventOf<T>) => void): Unsubscribe;
  /** Every event on any open channel. */
  onAny(fn: (event: ServerEvent) => void): Unsubscribe;
  /** Commands sent with `send` that have no ack yet, oldest first, those of earlier page loads included. */
  readonly pending: readonly Pending[];
  onPending(fn: (pending: readonly Pending[]) => void): Unsubscribe;
  /** A command that was sent with `send` got its ack. */
  onAcked(fn: (pending: Pending, ack: Ack) => void): Unsubscribe;
  /** Send a failed command again, with the same ref. */
  retry(ref: string): void;
  /** Forget a command that is failed or queued. */
  discard(ref: string): void;
}
