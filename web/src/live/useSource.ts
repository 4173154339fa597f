import { useChannelState } from "kith-client/react";
import { useCallback, useEffect, useMemo, useRef } from "react";
import type { Reading, Source } from "./Source";

/** A state as the page sees it. */
export interface Live<S> {
  /** Null until it was read for the first time. */
  readonly state: S | null;
  /** Why it could not be read, or why its channel was refused; null when all is well. */
  readonly error: unknown;
  readonly reload: () => void;
  /** A change of one's own that no event tells of, or tells of later. */
  readonly change: (fn: (state: S) => S) => void;
}

/** A source's state while the component is there. The source has to be the same object from render to render. */
export function useSource<S>(source: Source<S>): Live<S> {
  const again = useRef<() => void>(null);
  const reduce = useCallback(
    (reading: Reading<S>, event: Parameters<Source<S>["reduce"]>[1]): Reading<S> => {
      const state = source.reduce(reading.state, event);
      if (state === null) queueMicrotask(() => again.current?.()); // not while the state is being made
      return state === null || Object.is(state, reading.state) ? reading : { ...reading, state };
    },
    [source],
  );
  const {
    state: reading,
    error,
    reload,
    update,
  } = useChannelState(source.channel, () => source.load(), reduce);
  useEffect(() => {
    again.current = reload;
  }, [reload]);

  const change = useCallback(
    (fn: (state: S) => S) => update((now) => ({ ...now, state: fn(now.state) })),
    [update],
  );
  const state = reading?.state ?? null;
  return useMemo(() => ({ state, error, reload, change }), [state, error, reload, change]);
}
