import { useCallback, useMemo } from "react";
import type {
  ConnectionAcceptedEvent,
  ConnectionRequestEvent,
  NewCommentEvent,
  NewPostEvent,
  ServerEvent,
  Shown,
} from "../generated.js";
import type { Pending } from "../types.js";
import { useClient } from "./provider.js";
import { SharedStates, useSharedState } from "./shared-state.js";
import { useWebSocket, type WebSocketResult } from "./useWebSocket.js";

/** Requests that others send me, and requests that led to a connection. */
export function useWebSocketConnections(
  onRequest?: (event: ConnectionRequestEvent) => void,
  onAccepted?: (event: ConnectionAcceptedEvent) => void,
  onReset?: () => void,
): WebSocketResult {
  return useWebSocket({
    channel: "connections",
    onConnectionRequest: onRequest,
    onConnectionAccepted: onAccepted,
    onReset,
  });
}

/** New posts, and new comments under any post, of mine and of my connections. */
export function useWebSocketFeed(
  onPost?: (event: NewPostEvent) => void,
  onComment?: (event: NewCommentEvent) => void,
  onReset?: () => void,
): WebSocketResult {
  return useWebSocket({ channel: "feed", onNewPost: onPost, onNewComment: onComment, onReset });
}

export interface NotificationsResult extends WebSocketResult {
  /** Null until the server has said it. */
  readonly unreadCount: number | null;
  /** These are read, or all of them. */
  readonly markRead: (ids: readonly number[] | "all") => Pending<"read"> | null;
}

const UNREAD = new SharedStates<number | null>("notifications", null, (count, event: ServerEvent) => {
  switch (event.type) {
    case "notification":
    case "notifications_read":
    case "notifications_removed":
    case "notifications_state":
      return event.unread_count;
    default:
      return count;
  }
});

/** What I should hear of: the inner notification. A grouped one comes again with the same `id` when it grows. */
export function useWebSocketNotifications(
  onNotification?: (notification: Shown) => void,
  onReset?: () => void,
): NotificationsResult {
  const { client } = useClient();
  const unreadCount = useSharedState(UNREAD, client);
  const socket = useWebSocket({
    channel: "notifications",
    onNotification: (event) => onNotification?.(event.notification),
    onReset,
  });
  const { send } = socket;
  const markRead = useCallback(
    (ids: readonly number[] | "all") => send("read", ids === "all" ? { all: true } : { ids }),
    [send],
  );
  return useMemo(() => ({ ...socket, unreadCount, markRead }), [socket, unreadCount, markRead]);
}
