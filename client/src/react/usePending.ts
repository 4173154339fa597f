import { useCallback, useMemo, useSyncExternalStore } from "react";
import type { KithClientApi, Pending } from "../types.js";
import { useClient } from "./provider.js";

const NOTHING: readonly Pending[] = [];

export interface PendingResult {
  /** Oldest first, those of earlier page loads included. */
  readonly pending: readonly Pending[];
  /** Send a failed command again, with the same ref. */
  readonly retry: (ref: string) => void;
  /** Forget a command that is failed or queued. */
  readonly discard: (ref: string) => void;
}

/** What was sent and has no ack yet: on this channel, or on all of them. */
export function usePending(channel?: string | null): PendingResult {
  const { client, current } = useClient();
  const all = usePendingOf(client);
  const pending = useMemo(
    () => (channel ? all.filter((row) => row.channel === channel) : all),
    [all, channel],
  );
  const retry = useCallback((ref: string) => current.current?.retry(ref), [current]);
  const discard = useCallback((ref: string) => current.current?.discard(ref), [current]);
  return useMemo(() => ({ pending, retry, discard }), [pending, retry, discard]);
}

/** A client's rows, a new array at each change. */
export function usePendingOf(client: KithClientApi | null | undefined): readonly Pending[] {
  const subscribe = useCallback((fn: () => void) => client?.onPending(fn) ?? (() => {}), [client]);
  return useSyncExternalStore(
    subscribe,
    () => client?.pending ?? NOTHING,
    () => NOTHING,
  );
}
