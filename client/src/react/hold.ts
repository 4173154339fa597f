import type { ChannelHandle, KithClientApi, Unsubscribe } from "../types.js";
import { ClientPools, type Ending, type Slot } from "./pool.js";

/** What opens a channel, told how the load of a list ended: with the cursor to go on from, or without any. */
export type EndLoading = (cursor?: string | null) => boolean;

/**
 * How the hooks of a client keep one channel open, for as long as one of them uses it.
 *
 * It is opened in a microtask, when all hooks of the commit have said what they want: if one of them is loading a
 * list that the channel goes on from, the opening waits for that list's cursor. Opened at once for the others, it
 * would start somewhere behind the list, and what happened in between would be told to nobody.
 */
export class ChannelHold implements Ending {
  readonly handle: ChannelHandle;
  private readonly waiting = new Set<() => void>();
  private readonly ends: Unsubscribe[];
  private closing: Unsubscribe | null = null;
  private loads = 0;
  private following = false;
  private live = false;
  private lost = false;
  private ended = false;

  constructor(client: KithClientApi, name: string) {
    this.handle = client.channel(name);
    this.ends = [
      this.handle.onCaughtUp(() => this.caughtUp()),
      this.handle.onLost(() => this.wasLost()),
      client.onStatus(({ state }) => {
        if (state !== "connected") this.live = false;
      }),
    ];
    queueMicrotask(() => this.settle());
  }

  get isOpen(): boolean {
    return this.closing !== null;
  }

  /** There is a place to go on from: whatever happens on the server from here on will be told, or a reset. */
  get isFollowing(): boolean {
    return this.following;
  }

  /** What happened up to now has been told. */
  get isLive(): boolean {
    return this.live;
  }

  /** Once: at once, or when the channel has been opened. */
  whenFollowing(fn: () => void): Unsubscribe {
    if (this.following) {
      fn();
      return () => {};
    }
    this.waiting.add(fn);
    return () => this.waiting.delete(fn);
  }

  /**
   * A list is being loaded that the channel could go on from. Call what is returned when that is over; it says
   * whether the channel now goes on from this very list.
   */
  loading(): EndLoading {
    this.loads += 1;
    let over = false;
    return (cursor) => {
      if (over) return false;
      over = true;
      this.loads -= 1;
      if (cursor && !this.isOpen && !this.lost && !this.ended) {
        this.open(cursor);
        return true;
      }
      queueMicrotask(() => this.settle());
      return false;
    };
  }

  /** Try once more, if the channel was refused. */
  reopen(): void {
    this.lost = false;
    queueMicrotask(() => this.settle());
  }

  end(): void {
    this.ended = true;
    for (const end of this.ends) end();
    this.waiting.clear();
    this.close();
  }

  private settle(): void {
    if (this.isOpen || this.loads > 0 || this.lost || this.ended) return;
    this.open();
  }

  private open(since?: string): void {
    this.closing = this.handle.open(since);
    this.following = since !== undefined;
  }

  private close(): void {
    this.live = false;
    this.following = false;
    this.closing?.();
    this.closing = null;
  }

  private caughtUp(): void {
    this.live = true;
    this.following = true;
    const waiting = [...this.waiting];
    this.waiting.clear();
    for (const fn of waiting) fn();
  }

  private wasLost(): void {
    this.lost = true;
    this.close();
  }
}

const HOLDS = new ClientPools<ChannelHold>();

/** The one hold of this client on this channel; the caller retains it at once. */
export function holdOf(client: KithClientApi, name: string): Slot<ChannelHold> {
  return HOLDS.slot(client, name, () => new ChannelHold(client, name));
}
