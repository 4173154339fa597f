import type { ServerEvent } from "../generated.js";
import type { KithClientApi, Unsubscribe } from "../types.js";
import { type ChannelHold, holdOf } from "./hold.js";

/** What a list by REST looks like: whatever it has, and the cursor at which it was read. */
export interface Loaded {
  readonly cursor?: string | null | undefined;
}

/** How an app gets a channel's state, and what an event makes of it. */
export interface Source<S extends Loaded> {
  readonly load: (signal: AbortSignal) => Promise<S>;
  readonly reduce: (state: S, event: ServerEvent) => S;
}

export interface Loading<S> {
  /** Undefined until it was loaded for the first time. */
  readonly state: S | undefined;
  /** Being loaded, for the first time or anew. */
  readonly isLoading: boolean;
  /** Why the last load failed, or the channel was refused; null when all is well. */
  readonly error: unknown;
}

const REPLAY_SHOWN_MS = 50; // a long replay is shown in strides, not once for each event

/**
 * A list read by REST, and the events since.
 *
 * Two orders of things are sound: the list first, and the channel opened from its cursor; or the channel opened
 * first, then the list, and to it the events that came meanwhile. A list that was read while the channel was being
 * opened from anywhere else is shown, and read once more when it is open.
 */
export class ChannelStore<S extends Loaded> {
  private shown: Loading<S> = { state: undefined, isLoading: true, error: null };
  private state: S | undefined;
  /** What came while a list was being read; null when none is. */
  private held: ServerEvent[] | null = null;
  private running: AbortController | null = null;
  private failed = false;
  private hold: ChannelHold | null = null;
  private changed: (() => void) | null = null;
  private showing: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly client: KithClientApi | null,
    private readonly channel: string,
    private readonly source: { readonly current: Source<S> },
  ) {}

  readonly snapshot = (): Loading<S> => this.shown;

  readonly subscribe = (changed: () => void): Unsubscribe => {
    this.changed = changed;
    return () => {
      this.changed = null;
    };
  };

  /** Load, listen and hold the channel open, until the returned function is called. */
  start(): Unsubscribe {
    const ends = this.client ? this.listen(this.client) : [];
    this.load();
    return () => {
      this.running?.abort();
      this.hold = null;
      for (const end of ends) end();
      clearTimeout(this.showing);
    };
  }

  reload(): void {
    this.hold?.reopen();
    this.load();
  }

  update(change: (state: S) => S): void {
    if (this.state === undefined) return;
    this.state = change(this.state);
    this.show();
  }

  private listen(client: KithClientApi): Unsubscribe[] {
    const slot = holdOf(client, this.channel);
    const { handle } = slot.value;
    this.hold = slot.value;
    slot.value.reopen();
    let connected = client.status.state === "connected";
    return [
      slot.retain(),
      handle.onAny((event) => this.take(event)),
      // The server goes on from a new cursor already: what a list read now does not show will be told.
      handle.onReset(() => this.load({ following: true })),
      handle.onCaughtUp(() => this.show()),
      handle.onLost((error) => this.show({ error })),
      client.onStatus(({ state }) => {
        const before = connected;
        connected = state === "connected";
        if (connected && !before && this.failed) this.load();
      }),
    ];
  }

  private take(event: ServerEvent): void {
    if (this.held) {
      this.held.push(event);
      return;
    }
    if (this.state === undefined) return; // the next list will show it
    const before = this.state;
    this.state = this.source.current.reduce(before, event);
    if (Object.is(this.state, before)) return;
    if (this.hold?.isLive) this.show();
    else this.showing ??= setTimeout(() => this.show(), REPLAY_SHOWN_MS);
  }

  private load({ following = this.hold?.isFollowing ?? true } = {}): void {
    this.running?.abort();
    const running = new AbortController();
    this.running = running;
    this.held = [];
    this.failed = false;
    const over = this.hold && !this.hold.isOpen ? this.hold.loading() : null;
    running.signal.addEventListener("abort", () => over?.(), { once: true });
    this.show({ isLoading: true });
    new Promise<S>((resolve) => resolve(this.source.current.load(running.signal))).then(
      (state) => {
        if (running.signal.aborted) return;
        const opened = over?.(state.cursor) ?? false;
        this.settle(state, { error: null });
        if (!following && !opened) this.loadWhenFollowing(running.signal);
      },
      (error: unknown) => {
        if (running.signal.aborted) return;
        over?.();
        this.failed = true;
        this.settle(this.state, { error });
      },
    );
  }

  /** The list is there, or not to be had: what came meanwhile is applied to what there is. */
  private settle(state: S | undefined, { error }: Pick<Loading<S>, "error">): void {
    const held = this.held ?? [];
    this.held = null;
    const { reduce } = this.source.current;
    this.state = state && held.reduce(reduce, state);
    this.show({ isLoading: false, error });
  }

  private loadWhenFollowing(unless: AbortSignal): void {
    const forget = this.hold?.whenFollowing(() => this.load());
    if (forget) unless.addEventListener("abort", forget, { once: true });
  }

  private show(news: Partial<Loading<S>> = {}): void {
    clearTimeout(this.showing);
    this.showing = undefined;
    const next = { ...this.shown, ...news, state: this.state };
    const { state, isLoading, error } = this.shown;
    if (next.state === state && next.isLoading === isLoading && next.error === error) return;
    this.shown = next;
    this.changed?.();
  }
}
