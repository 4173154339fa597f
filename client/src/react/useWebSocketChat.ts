import { useCallback, useMemo } from "react";
import type { FieldsOf, NewMessageEvent, TypingEvent } from "../generated.js";
import type { ClientError } from "../types.js";
import { useClient } from "./provider.js";
import type { MessageRow } from "./rows.js";
import { useMessageRows } from "./useMessageRows.js";
import { useTyping } from "./useTyping.js";
import { useWebSocket } from "./useWebSocket.js";

export interface ChatResult {
  /** Exactly once, now or whenever the link is back. Returns the optimistic row; null where the hook is idle. */
  readonly sendMessage: (content: string, extra?: Omit<FieldsOf<"message">, "content">) => MessageRow | null;
  /** Call it at each key; others are told at most every 3 s, and that it is over after 4 s of silence. */
  readonly setTyping: (isTyping?: boolean) => void;
  readonly isConnected: boolean;
  /** Why the chat was refused or taken away, or what is wrong with the link. */
  readonly lastError: ClientError | null;
  /** Messages sent from here that have not been told yet: to be shown below the chat's own. */
  readonly pending: readonly MessageRow[];
  /** Send a failed message again, with the same ref. */
  readonly retry: (ref: string) => void;
  /** Forget a message that is failed or queued. */
  readonly discard: (ref: string) => void;
}

/**
 * One chat. Idle while `chatId` is null or undefined. Typing of others ends after 6 s, or with their message, also
 * where they do not say so.
 */
export function useWebSocketChat(
  chatId: number | string | null | undefined,
  onMessage?: (event: NewMessageEvent) => void,
  onTyping?: (event: TypingEvent) => void,
  onReset?: () => void,
): ChatResult {
  const channel = chatId === null || chatId === undefined || chatId === "" ? null : `messages/${chatId}`;
  const { client, current } = useClient();
  const { mine, others, setTyping } = useTyping(client, channel, onTyping);
  const { send, isConnected, lastError } = useWebSocket({
    channel,
    onNewMessage: (event) => {
      onMessage?.(event);
      others.current?.ended(event.sender_id);
    },
    onTyping: (event) => others.current?.heard(event),
    onReset,
  });
  const pending = useMessageRows(client, channel);
  const sendMessage = useCallback<ChatResult["sendMessage"]>(
    (content, extra = {}) => {
      const row = send("message", { content, ...extra });
      mine.current?.stop();
      return row;
    },
    [send, mine],
  );
  const retry = useCallback((ref: string) => current.current?.retry(ref), [current]);
  const discard = useCallback((ref: string) => current.current?.discard(ref), [current]);
  return useMemo(
    () => ({ sendMessage, setTyping, isConnected, lastError, pending, retry, discard }),
    [sendMessage, setTyping, isConnected, lastError, pending, retry, discard],
  );
}
