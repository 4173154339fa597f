import type { Environment, SocketLike } from "../src/environment.js";
import type { Frame } from "../src/wire.js";
import { FakeHttp } from "./fakeHttp.js";

/** One event in the fake's log. */
export interface Logged extends Frame {
  readonly id: number;
  readonly channel: string;
}

/** What the fake does with a command of an app. */
export type Answer = (frame: Frame) => Frame | null;

/**
 * Kith's wire protocol without Kith: a log, sockets, and the HTTP fallback, all in the memory of a test. Answers come
 * on the next microtask, time is the test's.
 */
export class FakeServer {
  readonly http = new FakeHttp(this);
  /** Every socket that was ever made, refused ones included. */
  readonly sockets: FakeSocket[] = [];
  readonly log: Logged[] = [];
  /** Commands of apps, in the order of their arrival. */
  readonly commands: Frame[] = [];
  /** `gone`: nothing listens. `blocked`: WebSockets do not get through, HTTP does. */
  mode: "up" | "gone" | "blocked" = "up";
  user: number | string = 1;
  /** Whether a token, or a cookie (null), signs in. */
  accepts: (token: string | null) => boolean = () => true;
  /** Refuse the channel with this code. */
  refuses: (channel: string) => string | null = () => null;
  /** False: pings are not answered. */
  pongs = true;
  answer: Answer = (frame) => this.ack(frame);
  /** Cursors older than this id cannot be served. */
  pruned = 0;
  private readonly acked = new Map<string, Frame>();

  /** What a page finds of this server. `made` is told of each socket. */
  environment(
    made: (socket: FakeSocket) => void = () => undefined,
  ): Pick<Environment, "WebSocket" | "fetch"> {
    const server = this;
    return {
      WebSocket: class extends FakeSocket {
        constructor(url: string) {
          super(server, url);
          made(this);
        }
      } as unknown as NonNullable<Environment["WebSocket"]>,
      fetch: (url, init) => server.http.answer(String(url), init ?? {}),
    };
  }

  /** Those that are open now. */
  get open(): FakeSocket[] {
    return this.sockets.filter((socket) => socket.readyState === 1);
  }

  get last(): FakeSocket {
    const socket = this.sockets.at(-1);
    if (socket === undefined) throw new Error("No socket was ever made.");
    return socket;
  }

  /** Something happens: it is logged, and told to all who have the channel open. */
  publish(channel: string, type: string, fields: Record<string, unknown> = {}): Logged {
    const event: Logged = {
      type,
      id: this.log.length + 1,
      channel,
      timestamp: new Date().toISOString(),
      ...fields,
    };
    this.log.push(event);
    this.tell(event);
    return event;
  }

  /** Tell without keeping. */
  tell(frame: Frame & { readonly channel: string }): void {
    this.http.tell(frame);
    for (const socket of this.open) {
      if ([...socket.channels].some((open) => covers(open, frame.channel))) socket.tell(frame);
    }
  }

  /** Every link breaks, as when a cable is pulled. */
  drop(code = 1006): void {
    this.http.drop();
    for (const socket of this.open) socket.end(code);
  }

  /** Do a command once for its ref, as the server does. */
  ack(frame: Frame): Frame {
    const { ref = "", channel = "" } = frame;
    const known = this.acked.get(ref);
    if (known !== undefined) return { ...known, duplicate: true };
    const ack = { type: "ack", ref, channel, message_id: this.acked.size + 1, duplicate: false };
    this.acked.set(ref, ack);
    if (frame.type === "message") this.publish(channel, "new_message", { content: frame.content, ref });
    return ack;
  }

  /** What opening a channel brings: its refusal, or all up to `caught_up`. */
  opening(channel: string, since: string | null, ref?: string): Frame[] {
    const code = this.refuses(channel);
    if (code !== null)
      return [{ type: "error", code, message: "No.", channel, ...(ref === undefined ? {} : { ref }) }];
    const head = this.log.length;
    const from = since === null ? head : Number(since.replace(/^.*[-~]/, ""));
    const recovered = from >= this.pruned && from <= head;
    const missed = recovered
      ? this.log.filter((event) => event.id > from && covers(channel, event.channel))
      : [];
    const cursor = this.cursor(channel, recovered ? from : head);
    const subscribed = { type: "subscribed", channel, user_id: this.user, cursor, recovered };
    return [
      ref === undefined ? subscribed : { ...subscribed, ref },
      ...missed,
      { type: "chat_state", channel, members: [], unread_count: 0 },
      { type: "caught_up", channel, cursor: this.cursor(channel, head) },
    ];
  }

  cursor(channel: string, id: number): string {
    return `abcd1234${channel.includes("/") ? "-" : "~"}${id}`;
  }
}

export function covers(open: string, channel: string): boolean {
  return open === channel || channel.startsWith(`${open}/`);
}

const CONNECTING = 0;
const OPEN = 1;
const CLOSED = 3;

/** The server's end and the client's of one WebSocket. */
export class FakeSocket implements SocketLike {
  onopen: ((event: never) => void) | null = null;
  onmessage: ((event: { readonly data: unknown } & never) => void) | null = null;
  onclose: ((event: { readonly code: number; readonly reason: string } & never) => void) | null = null;
  readyState = CONNECTING;
  /** What the client sent. */
  readonly received: Frame[] = [];
  readonly channels = new Set<string>();
  /** Ids of the events that it was told, with their topics: none is told twice, whatever covers it. */
  private readonly told = new Map<number, string>();
  signedIn = false;
  /** By which the client closed it; null: it did not. */
  closedBy: number | null = null;

  constructor(
    readonly server: FakeServer,
    readonly url: string,
  ) {
    server.sockets.push(this);
    queueMicrotask(() => this.begin());
  }

  of(type: string): Frame[] {
    return this.received.filter((frame) => frame.type === type);
  }

  tell(frame: Frame): void {
    if (frame.id !== undefined && frame.channel !== undefined) this.told.set(frame.id, frame.channel);
    queueMicrotask(() => {
      if (this.readyState === OPEN) this.onmessage?.({ data: JSON.stringify(frame) } as never);
    });
  }

  /** The server closes, after what it has told. */
  end(code: number): void {
    queueMicrotask(() => {
      if (this.readyState === CLOSED) return;
      this.readyState = CLOSED;
      this.onclose?.({ code, reason: "" } as never);
    });
  }

  send(data: string): void {
    if (this.readyState !== OPEN) throw new Error("send() on a socket that is not open");
    const frame = JSON.parse(data) as Frame;
    this.received.push(frame);
    queueMicrotask(() => this.readyState === OPEN && this.take(frame));
  }

  close(code = 1000): void {
    this.closedBy = code;
    this.readyState = CLOSED;
  }

  /** The client's end is gone without a word. */
  vanish(): void {
    this.onopen = this.onmessage = this.onclose = null;
    this.readyState = CLOSED;
  }

  private begin(): void {
    if (this.readyState === CLOSED) return;
    if (this.server.mode !== "up") {
      this.end(1006);
      return;
    }
    this.readyState = OPEN;
    this.onopen?.({} as never);
    if (this.received.length === 0 && this.server.accepts(null)) this.signIn();
  }

  private signIn(): void {
    this.signedIn = true;
    this.tell({
      type: "connected",
      message: "Connected successfully",
      user_id: this.server.user,
      heartbeat_interval: 25,
    });
  }

  private take(frame: Frame): void {
    switch (frame.type) {
      case "authenticate":
        this.authenticate(frame);
        break;
      case "ping":
        if (this.server.pongs) this.tell({ type: "pong", timestamp: frame.timestamp, server_time: "" });
        break;
      case "subscribe":
        this.subscribe(frame);
        break;
      case "unsubscribe":
        this.unsubscribe(String(frame.channel));
        break;
      default:
        this.command(frame);
    }
  }

  private authenticate(frame: Frame): void {
    if (!this.server.accepts(String(frame.token))) {
      this.tell({ type: "auth_error", code: "token_invalid", message: "No." });
      this.end(4401);
    } else if (this.signedIn) {
      this.tell({ type: "authenticated", user_id: this.server.user, expires_at: "" });
    } else {
      this.signIn();
    }
  }

  private subscribe(frame: Frame): void {
    const channel = String(frame.channel);
    const code = this.server.refuses(channel) ?? (this.channels.has(channel) ? "conflict" : null);
    if (code !== null) {
      this.tell({ type: "error", code, message: "No.", channel, ref: frame.ref ?? "" });
      return;
    }
    for (const told of this.server.opening(
      channel,
      typeof frame.since === "string" ? frame.since : null,
      frame.ref,
    )) {
      this.tell(told);
    }
    this.channels.add(channel);
  }

  private unsubscribe(channel: string): void {
    this.channels.delete(channel);
    for (const [id, topic] of this.told) {
      if (![...this.channels].some((open) => covers(open, topic))) this.told.delete(id);
    }
    this.tell({ type: "unsubscribed", channel });
  }

  private command(frame: Frame): void {
    const { channel, ref } = frame;
    this.server.commands.push(frame);
    if (channel === undefined || !this.channels.has(channel)) {
      this.tell({ type: "error", code: "not_found", message: "Not subscribed.", ...(ref ? { ref } : {}) });
      return;
    }
    const answer = this.server.answer(frame);
    if (answer !== null && ref !== undefined) this.tell(answer);
  }
}
