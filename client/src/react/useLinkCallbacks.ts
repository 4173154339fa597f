import { useEffect, useRef } from "react";
import type { ClientError, KithClientApi, Pending, Status } from "../types.js";

export interface LinkCallbacks {
  readonly onOpen?: (() => void) | undefined;
  readonly onClose?: ((error: ClientError | null) => void) | undefined;
  readonly onError?: ((error: ClientError) => void) | undefined;
}

/** Tell a component of its link's ups and downs, and of the commands on its channel that were refused. */
export function useLinkCallbacks(
  client: KithClientApi | null | undefined,
  channel: string | null,
  latest: { readonly current: LinkCallbacks },
): void {
  // Outlives the effect, so that effects that run twice tell once.
  const told = useRef<{ open: boolean; error: ClientError | null }>({ open: false, error: null });

  useEffect(() => {
    const tell = ({ state, lastError }: Pick<Status, "state" | "lastError">): void => {
      const open = state === "connected";
      const news = lastError !== told.current.error;
      const turned = open !== told.current.open;
      told.current = { open, error: lastError };
      if (news && lastError) latest.current.onError?.(lastError);
      if (turned && open) latest.current.onOpen?.();
      if (turned && !open) latest.current.onClose?.(lastError);
    };
    if (!client) {
      tell({ state: "disconnected", lastError: null });
      return;
    }
    // What went wrong before a link that is up now is no news to whoever comes later.
    if (client.status.state === "connected") told.current.error = client.status.lastError;
    tell(client.status);
    return client.onStatus(tell);
  }, [client, latest]);

  useEffect(() => {
    if (!client || !channel) return;
    const failed = (row: Pending): boolean => row.channel === channel && row.state === "failed";
    let known = new Set(client.pending.filter(failed).map((row) => row.ref));
    return client.onPending((pending) => {
      const before = known;
      const now = pending.filter(failed);
      known = new Set(now.map((row) => row.ref));
      for (const { ref, error } of now) if (error && !before.has(ref)) latest.current.onError?.(error);
    });
  }, [client, channel, latest]);
}
