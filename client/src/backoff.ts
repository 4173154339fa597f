/** Beyond `maxReconnectAttempts`: every 30 to 60 s, random so that a thousand clients do not come at once. */
const SLOW_MS = 30_000;

export interface BackoffOptions {
  readonly initial: number;
  readonly max: number;
  readonly attempts: number;
}

/** How long to wait before the next try, and the wait itself. */
export class Backoff {
  /** How many tries in a row have failed. */
  attempt = 0;
  /** ms that the running wait lasts in all; 0: none runs. */
  delay = 0;
  /** When it ends, as `Date.now()` tells time. */
  retryAt: number | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private next: (() => void) | undefined;

  constructor(
    private readonly options: BackoffOptions,
    private readonly random: () => number,
  ) {}

  /** Nobody should wait for it any more; tries go on slowly. */
  get exhausted(): boolean {
    return this.attempt >= this.options.attempts;
  }

  get waiting(): boolean {
    return this.retryAt !== null;
  }

  /** Call `next` after a while: `ms` if that is given, else by the law of backoff with full jitter. */
  wait(next: () => void, ms = this.law()): void {
    this.stop();
    this.next = next;
    this.delay = Math.round(ms);
    this.retryAt = Date.now() + this.delay;
    this.timer = setTimeout(() => this.wake(), this.delay);
  }

  /** End the wait now. */
  wake(): void {
    const { next } = this;
    this.stop();
    next?.();
  }

  stop(): void {
    clearTimeout(this.timer);
    this.next = undefined;
    this.delay = 0;
    this.retryAt = null;
  }

  private law(): number {
    if (this.exhausted) return SLOW_MS * (1 + this.random());
    // 2 ** 1024 is Infinity, which min() takes.
    return this.random() * Math.min(this.options.max, this.options.initial * 2 ** this.attempt);
  }
}
