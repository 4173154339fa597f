import { type RefObject, useCallback, useEffect, useRef } from "react";
import type { TypingEvent } from "../generated.js";
import type { KithClientApi } from "../types.js";
import { useLatest } from "./latest.js";
import { OthersTyping, TypingSignal } from "./typing.js";

/** Both sides of typing in a chat; null where the hook is idle. */
export interface Typing {
  readonly mine: RefObject<TypingSignal | null>;
  readonly others: RefObject<OthersTyping | null>;
  readonly setTyping: (isTyping?: boolean) => void;
}

/** `onTyping` is told what `others` hears, and its end where nobody says that. */
export function useTyping(
  client: KithClientApi | null | undefined,
  channel: string | null,
  onTyping: ((event: TypingEvent) => void) | undefined,
): Typing {
  const latest = useLatest(onTyping);
  const mine = useRef<TypingSignal>(null);
  const others = useRef<OthersTyping>(null);
  useEffect(() => {
    if (!client || !channel) return;
    const handle = client.channel(channel);
    const theirs = new OthersTyping((event) => latest.current?.(event));
    // Not by way of the hook's own functions: at the end they are gone before the last `false` is said.
    const signal = new TypingSignal((is_typing) => handle.emit("typing", { is_typing }));
    others.current = theirs;
    mine.current = signal;
    return () => {
      signal.stop();
      theirs.stop();
      others.current = null;
      mine.current = null;
    };
  }, [client, channel, latest]);
  const setTyping = useCallback((isTyping = true) => mine.current?.set(isTyping), []);
  return { mine, others, setTyping };
}
