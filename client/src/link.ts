import type { Failure } from "./attempt.js";
import { Attempt } from "./attempt.js";
import { Backoff } from "./backoff.js";
import type { Credentials } from "./credentials.js";
import type { Environment } from "./environment.js";
import { Heartbeat } from "./heartbeat.js";
import type { Endpoint, Options } from "./options.js";
import { openPoll } from "./transports/poll.js";
import { openStream } from "./transports/sse.js";
import type { OpenTransport, Wanted } from "./transports/transport.js";
import { openWebSocket } from "./transports/websocket.js";
import type { ClientError, ConnectionState, TransportName } from "./types.js";
import type { ClientFrame, Frame } from "./wire.js";

/** How often a link that fell back tries a WebSocket beside. */
const CLIMB_MS = 60_000;
/** So many WebSockets in a row that did not open, before another transport is tried. */
const BLOCKED_AFTER = 2;

const TRANSPORTS: Readonly<Record<TransportName, OpenTransport>> = {
  websocket: openWebSocket,
  sse: openStream,
  poll: openPoll,
};

/** The part of `Status` that the link knows; tabs that do not lead are told it. */
export interface LinkStatus {
  readonly state: ConnectionState;
  readonly attempt: number;
  readonly delay: number;
  readonly retryAt: number | null;
  readonly latency: number | null;
  readonly transport: TransportName | null;
  readonly lastError: ClientError | null;
  /** Who is signed in, as the server says; null before the first `connected`. */
  readonly user: string | null;
}

export const NO_LINK: LinkStatus = {
  state: "disconnected",
  attempt: 0,
  delay: 0,
  retryAt: null,
  latency: null,
  transport: null,
  lastError: null,
  user: null,
};

export interface LinkHandlers {
  /** A new link is signed in: nothing is subscribed on it yet. Also when one transport takes over from another. */
  up(): void;
  /** The link broke. */
  down(): void;
  frame(frame: Frame): void;
  status(status: LinkStatus): void;
  wanted(): readonly Wanted[];
}

/** The state machine: one transport at a time, made again until it is let go of. */
export class Link {
  status: LinkStatus;
  private current: Attempt | null = null;
  private probe: Attempt | null = null;
  private climb: ReturnType<typeof setTimeout> | undefined;
  private mode: TransportName;
  private blocked = 0;
  private refusals = 0;
  private stopped = false;
  private wasUp: boolean;
  /** The network changed while there was no link: the next one may do without the fallback. */
  private roused = false;
  private readonly backoff: Backoff;
  private readonly heartbeat: Heartbeat;

  constructor(
    private readonly endpoint: Endpoint,
    private readonly options: Options,
    private readonly environment: Environment,
    private readonly credentials: Credentials,
    private readonly handlers: LinkHandlers,
    before: LinkStatus = NO_LINK,
  ) {
    this.wasUp = before.state === "connected" || before.state === "reconnecting";
    this.status = { ...NO_LINK, user: before.user };
    this.mode = before.transport ?? "websocket";
    const {
      initialReconnectDelay: initial,
      maxReconnectDelay: max,
      maxReconnectAttempts: attempts,
    } = options;
    this.backoff = new Backoff({ initial, max, attempts }, environment.random);
    this.heartbeat = new Heartbeat(options.heartbeatInterval, options.heartbeatTimeout, {
      ping: (timestamp) => this.current?.send({ type: "ping", timestamp }),
      dead: () => this.current?.drop({ code: "timeout", message: "No pong in time." }),
      latency: (latency) => this.show({ latency }),
    });
  }

  /** Harmless while there is a link, or one is being made. */
  connect(): void {
    if (this.current !== null) return;
    if (this.backoff.waiting) {
      this.backoff.stop();
    } else {
      this.backoff.attempt = 0;
      this.refusals = 0;
    }
    this.show({ state: this.wasUp ? "reconnecting" : "connecting" });
    this.attempt();
  }

  /** Let go of everything; nothing is told. */
  stop(): void {
    this.stopped = true;
    this.letGo();
  }

  reconnect(): void {
    if (this.current?.isUp) {
      this.letGo();
      this.show({ state: "reconnecting", transport: null, latency: null });
      this.attempt();
    } else {
      this.connect();
    }
  }

  send(frame: ClientFrame): boolean {
    return this.current?.send(frame) ?? false;
  }

  /** The network went or came back: do not trust what seems to live, and do not wait where there is one. */
  rouse(online: boolean): void {
    this.heartbeat.check();
    if (!online) return;
    if (this.backoff.waiting) this.backoff.wake();
    if (!this.current?.isUp) this.roused = true;
    else if (this.climb !== undefined) this.tryWebSocket();
  }

  /** Whether anybody looks: only then does the heart beat. */
  watched(visible: boolean): void {
    if (visible) this.heartbeat.resume();
    else this.heartbeat.rest();
    if (visible && this.backoff.waiting) this.backoff.wake();
  }

  private attempt(): void {
    const attempt: Attempt = this.newAttempt(this.mode, {
      up: (user) => this.wentUp(attempt, user),
      frame: (frame) => this.take(frame),
      down: (failure) => this.wentDown(attempt, failure),
    });
    this.current = attempt;
    attempt.start(this.target);
  }

  private newAttempt(name: TransportName, handlers: ConstructorParameters<typeof Attempt>[3]): Attempt {
    return new Attempt(name, TRANSPORTS[name], this.credentials, handlers);
  }

  private get target() {
    const { endpoint, environment } = this;
    return { endpoint, environment, wanted: () => this.handlers.wanted() };
  }

  private wentUp(attempt: Attempt, user: string | null): void {
    if (this.status.user !== null && user !== null && user !== this.status.user) {
      // What this page shows and keeps is another's: it has to begin anew.
      this.refuse({ code: "user_changed", message: "Somebody else is signed in now." });
      return;
    }
    this.backoff.attempt = 0;
    this.refusals = 0;
    this.wasUp = true;
    if (attempt.name === "websocket") this.blocked = 0;
    this.planClimb(this.roused ? 0 : CLIMB_MS);
    this.roused = false;
    this.show({
      state: "connected",
      transport: attempt.name,
      user: user ?? this.status.user,
      lastError: null,
    });
    if (attempt.pings) this.heartbeat.start();
    this.handlers.up();
  }

  private wentDown(attempt: Attempt, failure: Failure): void {
    const wasUp = this.status.state === "connected";
    this.current = null;
    this.heartbeat.stop();
    clearTimeout(this.climb);
    this.climb = undefined;
    this.status = { ...this.status, lastError: failure.error, latency: null, transport: null };
    if (failure.verdict === "stop") this.refuse(failure.error);
    else if (failure.verdict === "token") this.askAgain(failure);
    else if (!this.options.reconnect)
      this.show({ ...NO_LINK, lastError: failure.error, user: this.status.user });
    else if (this.fallBack(attempt, failure, wasUp)) this.attempt();
    else this.retry(wasUp, failure.afterMs);
    if (wasUp) this.handlers.down();
  }

  /** A token was refused: once, another may do. Twice in a row, nobody is signed in. */
  private askAgain(failure: Failure): void {
    this.refusals += 1;
    if (this.credentials.byCookie || this.refusals > 1) {
      this.refuse(failure.error);
      return;
    }
    this.show({ state: this.wasUp ? "reconnecting" : "connecting" });
    this.attempt();
  }

  /** Whether to try another transport at once. */
  private fallBack(attempt: Attempt, failure: Failure, wasUp: boolean): boolean {
    if (!this.options.fallback || wasUp) return false;
    if (attempt.name === "websocket") {
      this.blocked = failure.blocked ? this.blocked + 1 : 0;
      if (this.blocked < BLOCKED_AFTER) return false;
      this.mode = "sse";
    } else if (attempt.name === "sse" && failure.blocked) {
      this.mode = "poll"; // the server may answer, though the stream does not come through
    } else {
      this.mode = "websocket"; // the server is away: begin from the top
      return false;
    }
    return true;
  }

  private retry(wasUp: boolean, afterMs: number | null): void {
    if (!wasUp) this.backoff.attempt += 1;
    if (afterMs === null) this.backoff.wait(() => this.attempt());
    else this.backoff.wait(() => this.attempt(), afterMs);
    if (this.backoff.exhausted) this.show({ state: "disconnected" });
    else this.show({ state: this.wasUp ? "reconnecting" : "connecting" });
  }

  // ── climbing back to a WebSocket ──────────────────────────────────────────────────────────

  private planClimb(ms: number): void {
    clearTimeout(this.climb);
    this.climb = this.mode === "websocket" ? undefined : setTimeout(() => this.tryWebSocket(), ms);
  }

  private tryWebSocket(): void {
    if (this.probe !== null) return;
    this.planClimb(CLIMB_MS);
    const probe: Attempt = this.newAttempt("websocket", {
      up: (user) => {
        this.probe = null;
        this.letGo();
        this.current = probe;
        this.mode = "websocket";
        this.wentUp(probe, user);
      },
      frame: (frame) => this.take(frame),
      down: (failure) => {
        if (this.current === probe) this.wentDown(probe, failure);
        else this.probe = null;
      },
    });
    this.probe = probe;
    probe.start(this.target);
  }

  // ── parts ─────────────────────────────────────────────────────────────────────────────────

  private take(frame: Frame): void {
    if (frame.type === "pong") this.heartbeat.pong(frame.timestamp);
    else this.handlers.frame(frame);
  }

  private refuse(error: ClientError): void {
    this.letGo();
    this.show({ state: "error", lastError: error, transport: null, latency: null });
  }

  private letGo(): void {
    const wasUp = this.current?.isUp ?? false;
    this.current?.close();
    this.probe?.close();
    this.current = this.probe = null;
    this.heartbeat.stop();
    clearTimeout(this.climb);
    this.climb = undefined;
    this.backoff.stop();
    if (wasUp && !this.stopped) this.handlers.down();
  }

  private show(changed: Partial<LinkStatus>): void {
    const { attempt, delay, retryAt } = this.backoff;
    this.status = { ...this.status, attempt, delay, retryAt, ...changed };
    this.handlers.status(this.status);
  }
}
