import type { KithClientApi, Unsubscribe } from "../types.js";

/** Something that keeps timers, listeners or a socket until it is ended. */
export interface Ending {
  end(): void;
}

/** One thing of a `Pool`, alive while somebody holds it. */
export interface Slot<V> {
  readonly value: V;
  /** Hold it. Returns what lets go again, once, however often it is called. */
  retain(): Unsubscribe;
}

/**
 * Things by key, each made when first asked for and ended when its last holder has gone.
 *
 * The end waits for a microtask: effects that let go and take hold in one go (StrictMode, one page giving way to
 * the next) keep the thing, instead of closing a socket to open the same one.
 */
export class Pool<V extends Ending> {
  private readonly slots = new Map<string, Slot<V>>();

  /** The thing of this key, for a caller who retains it before anybody else gets to run. */
  slot(key: string, make: () => V): Slot<V> {
    const known = this.slots.get(key);
    if (known) return known;
    const slot = this.made(key, make());
    this.slots.set(key, slot);
    return slot;
  }

  private made(key: string, value: V): Slot<V> {
    let holders = 0;
    const endUnlessHeld = (): void => {
      if (holders > 0 || this.slots.get(key) !== slot) return;
      this.slots.delete(key);
      value.end();
    };
    const slot: Slot<V> = {
      value,
      retain: () => {
        holders += 1;
        let held = true;
        return () => {
          if (!held) return;
          held = false;
          holders -= 1;
          if (holders === 0) queueMicrotask(endUnlessHeld);
        };
      },
    };
    return slot;
  }
}

/** A pool for each client, gone with it. */
export class ClientPools<V extends Ending> {
  private readonly pools = new WeakMap<KithClientApi, Pool<V>>();

  slot(client: KithClientApi, key: string, make: () => V): Slot<V> {
    const pool = this.pools.get(client) ?? new Pool<V>();
    this.pools.set(client, pool);
    return pool.slot(key, make);
  }
}
