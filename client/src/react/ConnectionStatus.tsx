import type { ReactElement, ReactNode } from "react";
import {
  type Indicator,
  type IndicatorOptions,
  type IndicatorPhase,
  useConnectionIndicator,
} from "./useConnectionIndicator.js";

/** What is said; each may be said otherwise. */
export interface ConnectionTexts extends Readonly<Record<Exclude<IndicatorPhase, "disabled">, ReactNode>> {
  readonly latency: (ms: number) => ReactNode;
  readonly countdown: (seconds: number) => ReactNode;
  readonly retry: ReactNode;
}

const TEXTS: ConnectionTexts = {
  connecting: "Connecting…",
  catching_up: "Catching up…",
  live: "Live",
  reconnecting: "Reconnecting…",
  offline: "You are offline",
  disconnected: "Disconnected",
  error: "Cannot connect",
  latency: (ms) => `${Math.round(ms)} ms`,
  countdown: (seconds) => `next try in ${seconds} s`,
  retry: "Try now",
};

export interface ConnectionStatusProps extends IndicatorOptions {
  readonly texts?: Partial<ConnectionTexts> | undefined;
  /** Beside `kith-connection`. */
  readonly className?: string | undefined;
  /** What to show instead, in the same frame. */
  readonly children?: ((indicator: Indicator) => ReactNode) | undefined;
}

/**
 * How the link is, and a button where a person can do something about it. Unstyled: by `data-state` and the class
 * names. Read out is only a change of the state; figures that change all the time are beside it.
 */
export function ConnectionStatus({
  texts,
  className,
  children,
  ...options
}: ConnectionStatusProps): ReactElement | null {
  const indicator = useConnectionIndicator(options);
  const { phase, latency, retryIn, canRetry, retry } = indicator;
  if (phase === "disabled") return null;
  const say = { ...TEXTS, ...texts };
  const classes = ["kith-connection", className].filter(Boolean).join(" ");
  if (children) {
    return (
      <div className={classes} data-state={phase}>
        {children(indicator)}
      </div>
    );
  }
  return (
    <div className={classes} data-state={phase}>
      <span className="kith-connection-text" role="status" aria-live="polite">
        {say[phase]}
      </span>
      {latency !== null && <span className="kith-connection-latency">{say.latency(latency)}</span>}
      {retryIn !== null && <span className="kith-connection-countdown">{say.countdown(retryIn)}</span>}
      {canRetry && (
        <button type="button" className="kith-connection-retry" onClick={retry}>
          {say.retry}
        </button>
      )}
    </div>
  );
}
