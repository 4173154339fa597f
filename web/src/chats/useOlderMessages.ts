import { type RefObject, useCallback, useEffect, useRef, useState } from "react";
import { useSession } from "../session/SessionContext";
import { type Conversation, olderMessages } from "./conversationState";

const AHEAD = "400px 0px"; // older ones are asked for before the end is seen

export interface Paging {
  /** To be put where the older ones would begin. */
  readonly sentinel: (element: Element | null) => (() => void) | undefined;
  readonly failed: boolean;
  readonly retry: () => void;
}

/** Reads the older messages when one scrolls up to where they belong. */
export function useOlderMessages(
  older: string | null,
  change: (fn: (now: Conversation) => Conversation) => void,
  box: RefObject<Element | null>,
): Paging {
  const { api } = useSession();
  const [failed, setFailed] = useState(false);
  const asked = useRef<string | null>(null);

  const read = useCallback(async () => {
    if (older === null || asked.current === older) return;
    asked.current = older;
    setFailed(false);
    try {
      change(await olderMessages(api, older));
    } catch {
      asked.current = null;
      setFailed(true);
    }
  }, [api, change, older]);

  const latest = useRef(read);
  useEffect(() => {
    latest.current = read;
  });

  // Made anew with each page: an observer tells only of changes, and the place may still be in sight.
  // biome-ignore lint/correctness/useExhaustiveDependencies: see above
  const sentinel = useCallback(
    (element: Element | null) => {
      if (element === null) return undefined;
      const observer = new IntersectionObserver(
        (seen) => {
          if (seen.some((one) => one.isIntersecting)) void latest.current();
        },
        { root: box.current, rootMargin: AHEAD },
      );
      observer.observe(element);
      return () => observer.disconnect();
    },
    [older, box],
  );

  return { sentinel, failed, retry: () => void read() };
}
