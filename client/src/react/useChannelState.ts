import { useCallback, useEffect, useMemo, useSyncExternalStore } from "react";
import type { ServerEvent } from "../generated.js";
import { ChannelStore, type Loaded, type Loading } from "./channel-store.js";
import { useLatest } from "./latest.js";
import { useClient } from "./provider.js";
import type { ChannelName } from "./useWebSocket.js";

export type { Loaded } from "./channel-store.js";

export interface ChannelState<S> extends Loading<S> {
  /** Load again. It is done without being asked after a reset, and when the link is back after a failed load. */
  readonly reload: () => void;
  /** Change what is shown from here: an older page below it, something optimistic. */
  readonly update: (change: (state: S) => S) => void;
}

/**
 * A list by REST, kept up to date by a channel's events.
 *
 * `load` gets it, with the `cursor` at which it was read; the channel is opened from there, so that nothing is
 * missed in between. `reduce` makes the next state of each event, in order; it may get an event again that the list
 * shows already, and returns the same object where nothing changes. After a reset it is loaded anew. Both may be
 * inline functions. Where the client is disabled it is loaded, and not kept up to date; with null for a channel
 * nothing is done.
 */
export function useChannelState<S extends Loaded>(
  channel: ChannelName,
  load: (signal: AbortSignal) => Promise<S>,
  reduce: (state: S, event: ServerEvent) => S,
): ChannelState<S> {
  const { client } = useClient();
  const source = useLatest({ load, reduce });
  const store = useMemo(
    () => (channel && client !== undefined ? new ChannelStore<S>(client, channel, source) : null),
    [channel, client, source],
  );
  useEffect(() => store?.start(), [store]);
  const starting = channel ? STARTING : IDLE;
  const shown = useSyncExternalStore<Loading<S>>(
    store?.subscribe ?? never,
    store?.snapshot ?? (() => starting),
    () => starting,
  );
  const current = useLatest(store);
  const reload = useCallback(() => current.current?.reload(), [current]);
  const update = useCallback((change: (state: S) => S) => current.current?.update(change), [current]);
  return useMemo(() => ({ ...shown, reload, update }), [shown, reload, update]);
}

const STARTING = { state: undefined, isLoading: true, error: null };
const IDLE = { state: undefined, isLoading: false, error: null };

function never(): () => void {
  return () => {};
}
