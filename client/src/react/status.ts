import { useCallback, useRef, useSyncExternalStore } from "react";
import type { ClientError, ConnectionState, KithClientApi, Status } from "../types.js";
import type { HookClient } from "./provider.js";

/** How it is where no client is known yet: on the server, and in the first render. */
const STARTING: Status = {
  state: "connecting",
  catchingUp: false,
  online: true,
  attempt: 0,
  delay: 0,
  retryAt: null,
  latency: null,
  transport: null,
  leading: false,
  pending: 0,
  lastError: null,
};

/** How it is without a URL, or with `enabled: false`. */
const DISABLED: Status = { ...STARTING, state: "disconnected" };

const NEVER = () => () => {};

/** The part of a status that most apps look at, as every hook gives it. */
export interface LinkStatus {
  readonly isConnected: boolean;
  readonly connectionStatus: ConnectionState;
  /** The same as `connectionStatus`. */
  readonly state: ConnectionState;
  /** How many tries in a row have failed. */
  readonly reconnectAttempt: number;
  /** ms that the running wait lasts in all; 0 when none runs. */
  readonly reconnectDelay: number;
  readonly lastError: ClientError | null;
}

export interface LinkActions {
  /** Make the link. Harmless when it is there. */
  readonly connect: () => void;
  /** Let go of the link, for all hooks that share it, until `connect()`. */
  readonly disconnect: () => void;
  /** Try at once, whatever wait runs; on a live link: make a new one. */
  readonly reconnect: () => void;
}

/** Every change of the status, a new round trip time included. */
export function useStatus(client: KithClientApi | null | undefined): Status {
  return useStatusPart(client, (status) => status, Object.is);
}

/** What changes less often: neither a ping nor a message that is sent renders anything anew. */
export function useLinkStatus(client: KithClientApi | null | undefined): LinkStatus {
  return useStatusPart(client, linkStatus, sameLinkStatus);
}

function useStatusPart<T>(
  client: KithClientApi | null | undefined,
  part: (status: Status) => T,
  same: (a: T, b: T) => boolean,
): T {
  const known = useRef<{ readonly status: Status; readonly part: T }>(undefined);
  const snapshot = (): T => {
    const status = client ? client.status : client === null ? DISABLED : STARTING;
    const before = known.current;
    if (before?.status === status) return before.part;
    const now = part(status);
    const kept = before && same(before.part, now) ? before.part : now;
    known.current = { status, part: kept };
    return kept;
  };
  const subscribe = useCallback((fn: () => void) => (client ? client.onStatus(fn) : NEVER()), [client]);
  return useSyncExternalStore(subscribe, snapshot, snapshot);
}

function linkStatus({ state, attempt, delay, lastError }: Status): LinkStatus {
  return {
    isConnected: state === "connected",
    connectionStatus: state,
    state,
    reconnectAttempt: attempt,
    reconnectDelay: delay,
    lastError,
  };
}

function sameLinkStatus(a: LinkStatus, b: LinkStatus): boolean {
  return (
    a.state === b.state &&
    a.reconnectAttempt === b.reconnectAttempt &&
    a.reconnectDelay === b.reconnectDelay &&
    a.lastError === b.lastError
  );
}

/** Functions that stay the same for as long as the hook lives, and do nothing where it is disabled. */
export function linkActions(current: HookClient["current"]): LinkActions {
  return {
    connect: () => current.current?.connect(),
    disconnect: () => current.current?.disconnect(),
    reconnect: () => current.current?.reconnect(),
  };
}
