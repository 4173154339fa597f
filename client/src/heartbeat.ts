export interface HeartbeatHandlers {
  /** Write a ping with this timestamp. */
  ping(timestamp: number): void;
  /** No pong came in time. */
  dead(): void;
  /** ms of the round trip. */
  latency(ms: number): void;
}

/** Pings while somebody looks, and says when the link is dead. */
export class Heartbeat {
  private next: ReturnType<typeof setTimeout> | undefined;
  private timeout: ReturnType<typeof setTimeout> | undefined;
  private running = false;
  private resting = false;

  constructor(
    private readonly intervalMs: number,
    private readonly timeoutMs: number,
    private readonly handlers: HeartbeatHandlers,
  ) {}

  start(): void {
    this.stop();
    this.running = true;
    this.plan();
  }

  stop(): void {
    this.running = false;
    clearTimeout(this.next);
    this.forgive();
  }

  /** Nobody looks: browsers throttle timers now, and a phone should sleep. */
  rest(): void {
    this.resting = true;
    clearTimeout(this.next);
    this.forgive();
  }

  /** Somebody looks again: what happened to the link meanwhile is found out at once. */
  resume(): void {
    if (!this.resting) return;
    this.resting = false;
    this.check();
  }

  /** Ping now, unless one is under way. */
  check(): void {
    if (!this.running || this.timeout !== undefined) return;
    clearTimeout(this.next);
    this.timeout = setTimeout(() => this.handlers.dead(), this.timeoutMs);
    this.handlers.ping(performance.now());
  }

  /** A pong with the ping's timestamp. */
  pong(timestamp: unknown): void {
    if (this.timeout === undefined) return;
    this.forgive();
    if (typeof timestamp === "number") this.handlers.latency(Math.max(0, performance.now() - timestamp));
    this.plan();
  }

  private plan(): void {
    clearTimeout(this.next);
    if (this.running && !this.resting) this.next = setTimeout(() => this.check(), this.intervalMs);
  }

  private forgive(): void {
    clearTimeout(this.timeout);
    this.timeout = undefined;
  }
}
