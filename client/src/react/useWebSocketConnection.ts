import { useMemo, useState } from "react";
import { Emitters } from "../emitter.js";
import type { EventOf, EventType, ServerEvent } from "../generated.js";
import type { KithClientApi, Status, Unsubscribe } from "../types.js";
import { useLatest } from "./latest.js";
import { useClient } from "./provider.js";
import { type LinkActions, type LinkStatus, linkActions, useLinkStatus, useStatus } from "./status.js";
import { useChannel } from "./useChannel.js";

export interface ConnectionResult extends Status, LinkActions {
  readonly isConnected: boolean;
  /** Null: disabled, or not made yet. */
  readonly client: KithClientApi | null;
}

/** All there is to know of the link, a new object at each change. */
export function useWebSocketConnection(): ConnectionResult {
  const { client, current } = useClient();
  const status = useStatus(client);
  const [actions] = useState(() => linkActions(current));
  return useMemo(
    () => ({ ...status, isConnected: status.state === "connected", client: client ?? null, ...actions }),
    [status, client, actions],
  );
}

export interface WebSocketContextValue extends LinkStatus, LinkActions {
  /** Null: disabled, or not made yet. */
  readonly client: KithClientApi | null;
  /** Events of this type on any channel that is open. */
  readonly subscribe: <T extends EventType>(type: T, fn: (event: EventOf<T>) => void) => Unsubscribe;
}

const NO_CALLBACKS = {};

/** The client of the provider above, or the one that the page shares, for what no other hook does. */
export function useWebSocketContext(): WebSocketContextValue {
  const { client, current } = useClient();
  const [listeners] = useState(() => new Emitters<[ServerEvent]>());
  useChannel(client, null, useLatest(NO_CALLBACKS), listeners);
  const link = useLinkStatus(client);
  const [actions] = useState(() => ({
    ...linkActions(current),
    subscribe: <T extends EventType>(type: T, fn: (event: EventOf<T>) => void) =>
      listeners.add(type, (event) => fn(event as EventOf<T>)),
  }));
  return useMemo(() => ({ ...link, client: client ?? null, ...actions }), [link, client, actions]);
}
