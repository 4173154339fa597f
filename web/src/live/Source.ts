import type { ServerEvent } from "kith-client";

/** What a list by REST gives: the state, and the cursor from which its channel goes on. */
export interface Reading<S> {
  readonly state: S;
  readonly cursor: string;
}

/** Where a state comes from: read once, then kept by the events of a channel. */
export interface Source<S> {
  readonly channel: string;
  load(): Promise<Reading<S>>;
  /** The state after an event, which may be a repeat; null: only reading again can tell. Pure. */
  reduce(state: S, event: ServerEvent): S | null;
}
