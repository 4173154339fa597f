import { useMemo, useState } from "react";
import { Emitters } from "../emitter.js";
import type { CommandName, EventOf, EventType, FieldsOf, ServerEvent } from "../generated.js";
import type { ClientError, ClientOptions, Pending, Unsubscribe } from "../types.js";
import type { EventCallbacks } from "./callbacks.js";
import { useLatest } from "./latest.js";
import { type HookClient, useClient } from "./provider.js";
import { type LinkActions, type LinkStatus, linkActions, useLinkStatus } from "./status.js";
import { type HookChannel, useChannel } from "./useChannel.js";
import { useLinkCallbacks } from "./useLinkCallbacks.js";

/** Such as `messages/5`; without one, however it is not there, the hook is idle: `chatId && `messages/${chatId}`` will do. */
export type ChannelName = string | null | undefined | false | 0;

/** Everything that `useWebSocket` can be given. Handlers may be inline functions. */
export interface WebSocketOptions extends ClientOptions, EventCallbacks {
  /** Such as `messages/5`. Without one, the hook opens nothing, and hears of what others have open. */
  readonly channel?: ChannelName;
  /** The link is up: at once where it is when the hook comes, and after each break. */
  readonly onOpen?: (() => void) | undefined;
  /** The link broke, or was let go of. */
  readonly onClose?: ((error: ClientError | null) => void) | undefined;
  /** The link failed, the channel was refused or lost, or a command that was sent here was refused. */
  readonly onError?: ((error: ClientError) => void) | undefined;
  /** Every event, before the callback that is named after it. */
  readonly onMessage?: ((event: ServerEvent) => void) | undefined;
  /** What was missed cannot all be told: read the state again by REST. */
  readonly onReset?: (() => void) | undefined;
}

/** What a hook sends on its channel. The functions stay the same for as long as the hook lives. */
export interface ChannelActions {
  /**
   * Exactly once, now or whenever the link is back, in the order of the calls. Returns the optimistic row; null
   * where the hook is disabled or has no channel.
   */
  readonly send: <C extends CommandName>(type: C, fields: FieldsOf<C>) => Pending<C> | null;
  /** `send("message", …)`, for a chat. */
  readonly sendMessage: (
    content: string,
    extra?: Omit<FieldsOf<"message">, "content">,
  ) => Pending<"message"> | null;
  /** Events of this type on the hook's channel, until the returned function is called or the hook goes. */
  readonly subscribe: <T extends EventType>(type: T, fn: (event: EventOf<T>) => void) => Unsubscribe;
  /** Now or never, without an ack. True: it was written. */
  readonly emit: <C extends CommandName>(type: C, fields: FieldsOf<C>) => boolean;
}

export interface WebSocketResult extends LinkStatus, LinkActions, ChannelActions {}

/**
 * Open a channel for as long as the component lives, tell its events, and send on it. With null for a channel the
 * hook is idle.
 */
export function useWebSocket(
  channel: ChannelName,
  onMessage?: (event: ServerEvent) => void,
  onError?: (error: ClientError) => void,
  onConnect?: () => void,
  onDisconnect?: (error: ClientError | null) => void,
): WebSocketResult;
export function useWebSocket(options: WebSocketOptions): WebSocketResult;
export function useWebSocket(
  first: ChannelName | WebSocketOptions,
  onMessage?: (event: ServerEvent) => void,
  onError?: (error: ClientError) => void,
  onConnect?: () => void,
  onDisconnect?: (error: ClientError | null) => void,
): WebSocketResult {
  const options: WebSocketOptions =
    typeof first === "object" && first !== null
      ? first
      : { channel: first, onMessage, onError, onOpen: onConnect, onClose: onDisconnect };
  return useWebSocketOf(options);
}

function useWebSocketOf(options: WebSocketOptions): WebSocketResult {
  const latest = useLatest(options);
  const { client, current } = useClient(options);
  const [listeners] = useState(() => new Emitters<[ServerEvent]>());
  const name = options.channel || null;
  const { lost, hold } = useChannel(client, name, latest, listeners);
  useLinkCallbacks(client, name, latest);
  const link = useLinkStatus(client);
  const [actions] = useState(() => ({
    ...reopening(linkActions(current), hold),
    ...channelActions(current, latest, listeners),
  }));
  return useMemo(
    () => ({
      ...link,
      isConnected: link.isConnected && lost === null,
      lastError: lost ?? link.lastError,
      ...actions,
    }),
    [link, lost, actions],
  );
}

/** Whoever asks for the link wants the channel back, too, if it was refused. */
function reopening({ connect, disconnect, reconnect }: LinkActions, hold: HookChannel["hold"]): LinkActions {
  const reopened = (then: () => void) => () => {
    hold.current?.reopen();
    then();
  };
  return { connect: reopened(connect), disconnect, reconnect: reopened(reconnect) };
}

function channelActions(
  current: HookClient["current"],
  latest: { readonly current: WebSocketOptions },
  listeners: Emitters<[ServerEvent]>,
): ChannelActions {
  const handle = () => {
    const name = latest.current.channel;
    return (name && current.current?.channel(name)) || null;
  };
  const send = <C extends CommandName>(type: C, fields: FieldsOf<C>): Pending<C> | null =>
    handle()?.send(type, fields) ?? null;
  return {
    send,
    sendMessage: (content, extra = {}) => send("message", { content, ...extra }),
    subscribe: <T extends EventType>(type: T, fn: (event: EventOf<T>) => void) =>
      listeners.add(type, (event) => fn(event as EventOf<T>)),
    emit: (type, fields) => handle()?.emit(type, fields) ?? false,
  };
}
