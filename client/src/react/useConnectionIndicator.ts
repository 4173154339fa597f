import { useCallback, useEffect, useState, useSyncExternalStore } from "react";
import type { ClientError, Status } from "../types.js";
import { useWebSocketConnection } from "./useWebSocketConnection.js";

/**
 * What a person should be shown. `connecting`: for the first time. `catching_up`: linked, and what was missed is
 * coming. `live`: all well. `offline`: the browser has no network. `disconnected`: given up, or let go of by wish.
 * `error`: refused for good. `disabled`: there is no URL, or `enabled` is false.
 */
export type IndicatorPhase =
  | "disabled"
  | "connecting"
  | "catching_up"
  | "live"
  | "reconnecting"
  | "offline"
  | "disconnected"
  | "error";

export interface IndicatorOptions {
  /** ms for which a broken link is passed over in silence; default 3,000. Most are back before anybody looks. */
  readonly reconnectingAfter?: number | undefined;
  /** ms for which catching up is passed over; default 500. It mostly takes less. */
  readonly catchingUpAfter?: number | undefined;
}

export interface Indicator {
  readonly phase: IndicatorPhase;
  /** Whole seconds until the next try; null when none is planned, or none that was said to be needed. */
  readonly retryIn: number | null;
  /** Round trip of the last ping in ms, while linked. */
  readonly latency: number | null;
  /** Commands that wait to be sent, or for their ack. */
  readonly pending: number;
  readonly lastError: ClientError | null;
  /** A try now could help. */
  readonly canRetry: boolean;
  readonly retry: () => void;
}

/** The link as a person should see it: calm where it mends itself, and honest where it does not. */
export function useConnectionIndicator(options: IndicatorOptions = {}): Indicator {
  const link = useWebSocketConnection();
  const phase = useCalm(phaseOf(link, link.client === null), options);
  const linked = phase === "live" || phase === "catching_up";
  const counting = !linked && phase !== "disabled";
  const retryIn = useSecondsUntil(counting ? link.retryAt : null);
  const { connect, reconnect, retryAt, state } = link;
  const asleep = state === "error" || (state === "disconnected" && retryAt === null);
  const retry = useCallback(() => (asleep ? connect() : reconnect()), [asleep, connect, reconnect]);
  return {
    phase,
    retryIn,
    latency: linked ? link.latency : null,
    pending: link.pending,
    lastError: link.lastError,
    canRetry: counting && phase !== "connecting",
    retry,
  };
}

function phaseOf({ state, online, catchingUp }: Status, clientless: boolean): IndicatorPhase {
  if (clientless && state === "disconnected") return "disabled";
  if (state === "connected") return catchingUp ? "catching_up" : "live";
  if (state === "error") return "error";
  return online ? state : "offline";
}

/** `phase`, except that what passes by itself is not shown before it has lasted. */
function useCalm(phase: IndicatorPhase, options: IndicatorOptions): IndicatorPhase {
  const [shown, setShown] = useState(phase);
  const wait = shown === phase ? 0 : patience(shown, phase, options);
  if (wait === 0 && shown !== phase) setShown(phase);
  useEffect(() => {
    if (wait === 0) return;
    const timer = setTimeout(() => setShown(phase), wait);
    return () => clearTimeout(timer);
  }, [phase, wait]);
  return wait === 0 ? phase : shown;
}

/** ms that `next` must last before it takes the place of what is shown. */
function patience(shown: IndicatorPhase, next: IndicatorPhase, options: IndicatorOptions): number {
  if (next === "catching_up") return options.catchingUpAfter ?? 500;
  // Once bad news was told, what follows is news at once.
  const calm = shown === "live" || shown === "catching_up" || shown === "connecting";
  return next === "reconnecting" && calm ? (options.reconnectingAfter ?? 3_000) : 0;
}

function useSecondsUntil(at: number | null): number | null {
  const seconds = () => (at === null ? null : Math.max(0, Math.ceil((at - Date.now()) / 1_000)));
  const subscribe = useCallback(
    (tick: () => void) => {
      if (at === null) return () => {};
      let timer: ReturnType<typeof setTimeout> | undefined;
      const wait = (): void => {
        const left = at - Date.now();
        if (left <= 0) return;
        timer = setTimeout(next, left % 1_000 || 1_000); // on the second, so that none is skipped
      };
      const next = (): void => {
        tick();
        wait();
      };
      wait();
      return () => clearTimeout(timer);
    },
    [at],
  );
  return useSyncExternalStore(subscribe, seconds, () => null);
}
