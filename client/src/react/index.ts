"use client";

export { ConnectionStatus, type ConnectionStatusProps, type ConnectionTexts } from "./ConnectionStatus.js";
export type { EventCallbacks } from "./callbacks.js";
export { WebSocketProvider, type WebSocketProviderProps } from "./provider.js";
export {
  type NotificationsResult,
  useWebSocketConnections,
  useWebSocketFeed,
  useWebSocketNotifications,
} from "./social.js";
export type { LinkActions, LinkStatus } from "./status.js";
export { type ChannelState, type Loaded, useChannelState } from "./useChannelState.js";
export {
  type Indicator,
  type IndicatorOptions,
  type IndicatorPhase,
  useConnectionIndicator,
} from "./useConnectionIndicator.js";
export { type PendingResult, usePending } from "./usePending.js";
export {
  type ChannelActions,
  type ChannelName,
  useWebSocket,
  type WebSocketOptions,
  type WebSocketResult,
} from "./useWebSocket.js";
export { type ChatResult, useWebSocketChat } from "./useWebSocketChat.js";
export {
  type ConnectionResult,
  useWebSocketConnection,
  useWebSocketContext,
  type WebSocketContextValue,
} from "./useWebSocketConnection.js";
export { type OnlineResult, useWebSocketOnline } from "./useWebSocketOnline.js";
