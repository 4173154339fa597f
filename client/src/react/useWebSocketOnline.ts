import { useCallback, useMemo } from "react";
import type { Presence, ServerEvent, UserOfflineEvent, UserOnlineEvent } from "../generated.js";
import { useLatest } from "./latest.js";
import { useClient } from "./provider.js";
import { SharedStates, type StateChange, useSharedState } from "./shared-state.js";
import { useWebSocket, type WebSocketResult } from "./useWebSocket.js";

const CHANNEL = "online";

type UserId = Presence["user_id"];
type Online = ReadonlyMap<UserId, Presence>;

const ONLINE = new SharedStates<Online>(CHANNEL, new Map(), (online, event) => {
  switch (event.type) {
    case "presence_state":
      return new Map(event.users.map((user) => [user.user_id, user]));
    case "user_online": {
      const { user_id, full_name, status } = event;
      return new Map(online).set(user_id, { user_id, full_name, status, last_seen: null });
    }
    case "user_offline":
      return new Map([...online].filter(([userId]) => userId !== event.user_id));
    default:
      return online;
  }
});

export interface OnlineResult extends WebSocketResult {
  /** The connections who are online now. */
  readonly users: readonly Presence[];
}

/**
 * Who of my connections is online. `onOnline` is told of those who are there already, too; `onOffline` also of those
 * whose going was missed, with the time at which that was noticed.
 */
export function useWebSocketOnline(
  onOnline?: (event: UserOnlineEvent) => void,
  onOffline?: (event: UserOfflineEvent) => void,
  onReset?: () => void,
): OnlineResult {
  const latest = useLatest({ onOnline, onOffline });
  const { client } = useClient();
  const tell = useCallback<StateChange<Online>>(
    (now, before, event) => {
      const { onOnline, onOffline } = latest.current;
      for (const user of now.values()) if (isNews(user, before.get(user.user_id))) onOnline?.(came(user));
      for (const userId of before.keys()) if (!now.has(userId)) onOffline?.(went(userId, event));
    },
    [latest],
  );
  const online = useSharedState(ONLINE, client, tell);
  const socket = useWebSocket({ channel: CHANNEL, onReset });
  return useMemo(() => ({ ...socket, users: [...online.values()] }), [socket, online]);
}

function isNews(now: Presence, before: Presence | undefined): boolean {
  return now.status !== before?.status || now.full_name !== before.full_name;
}

function came({ user_id, full_name, status }: Presence): UserOnlineEvent {
  return { type: "user_online", channel: CHANNEL, user_id, full_name, status };
}

function went(userId: UserId, event: ServerEvent | null): UserOfflineEvent {
  if (event?.type === "user_offline") return event;
  const last_seen = new Date().toISOString();
  return { type: "user_offline", channel: CHANNEL, user_id: userId, last_seen };
}
