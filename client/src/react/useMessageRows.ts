import { useMemo, useSyncExternalStore } from "react";
import type { KithClientApi } from "../types.js";
import { type MessageRow, MessageRows } from "./rows.js";

const NO_ROWS: readonly MessageRow[] = [];

/** The messages that were sent from here on this channel and have not been told yet. */
export function useMessageRows(
  client: KithClientApi | null | undefined,
  channel: string | null,
): readonly MessageRow[] {
  const rows = useMemo(
    () => (client && channel ? new MessageRows(client, channel) : null),
    [client, channel],
  );
  return useSyncExternalStore(rows?.subscribe ?? never, rows?.snapshot ?? none, none);
}

function never(): () => void {
  return () => {};
}

function none(): readonly MessageRow[] {
  return NO_ROWS;
}
