import { useCallback, useEffect, useState, useSyncExternalStore } from "react";
import { Emitter } from "../emitter.js";
import type { ServerEvent } from "../generated.js";
import type { KithClientApi, Unsubscribe } from "../types.js";
import { ClientPools, type Ending, type Slot } from "./pool.js";

export type StateChange<S> = (now: S, before: S, event: ServerEvent | null) => void;

/**
 * What a channel's events add up to, kept once for all hooks that look at it: a state frame is told when the
 * channel is opened, and a hook that comes later would know nothing of it.
 */
class SharedState<S> implements Ending {
  readonly end: Unsubscribe;
  private readonly changed = new Emitter<[now: S, before: S, event: ServerEvent]>();

  constructor(
    client: KithClientApi,
    channel: string,
    public state: S,
    reduce: (state: S, event: ServerEvent) => S,
  ) {
    this.end = client.channel(channel).onAny((event) => {
      const before = this.state;
      this.state = reduce(before, event);
      if (!Object.is(this.state, before)) this.changed.tell(this.state, before, event);
    });
  }

  onChange(fn: StateChange<S>): Unsubscribe {
    return this.changed.add(fn);
  }
}

/** What `channel` says, from `initial` on, for every client that is asked for it. */
export class SharedStates<S> {
  private readonly pools = new ClientPools<SharedState<S>>();

  constructor(
    private readonly channel: string,
    readonly initial: S,
    private readonly reduce: (state: S, event: ServerEvent) => S,
  ) {}

  slot(client: KithClientApi): Slot<SharedState<S>> {
    const { channel, initial, reduce } = this;
    return this.pools.slot(client, channel, () => new SharedState(client, channel, initial, reduce));
  }
}

/**
 * This client's state. It listens only: who uses it keeps the channel open. `onChange` is told each change, and at
 * first what is there already; it must stay the same function.
 */
export function useSharedState<S>(
  states: SharedStates<S>,
  client: KithClientApi | null | undefined,
  onChange?: StateChange<S>,
): S {
  const [shared, setShared] = useState<SharedState<S> | null>(null);
  useEffect(() => {
    if (!client) return;
    const slot = states.slot(client);
    const release = slot.retain();
    const off = onChange && slot.value.onChange(onChange);
    onChange?.(slot.value.state, states.initial, null);
    setShared(slot.value);
    return () => {
      off?.();
      release();
      setShared(null);
    };
  }, [states, client, onChange]);
  const subscribe = useCallback((fn: () => void) => shared?.onChange(fn) ?? (() => {}), [shared]);
  return useSyncExternalStore(
    subscribe,
    () => (shared ? shared.state : states.initial),
    () => states.initial,
  );
}
