import type { Environment } from "../environment.js";
import type { Endpoint } from "../options.js";
import type { TransportName } from "../types.js";
import type { ClientFrame, Frame } from "../wire.js";

/** A channel to open, from where: what a `subscribe` frame says. */
export interface Wanted {
  readonly channel: string;
  readonly since: string | null;
}

export interface Target {
  readonly endpoint: Endpoint;
  readonly environment: Environment;
  /** Null: the session cookie signs in. */
  readonly token: string | null;
  /** What will be subscribed to as soon as the link is up: those that ask by HTTP ask for it at once. */
  wanted(): readonly Wanted[];
}

/** What a transport tells. Nothing more after `closed`, nor after `Transport.close`. */
export interface TransportHandlers {
  /** Frames can be sent. */
  opened(): void;
  frame(frame: Frame): void;
  /** By its close code (PROTOCOL §6); 1006: it broke, or never opened. */
  closed(code: number): void;
}

/**
 * Carries the frames of `/ws`, by whatever means. Those that are no WebSocket turn `subscribe`, `unsubscribe` and
 * `authenticate` into what they ask the server for, and send all other frames as commands.
 */
export interface Transport {
  readonly name: TransportName;
  /** Whether a `ping` is answered: else the transport finds out by itself that the link is dead. */
  readonly pings: boolean;
  /** False: not written, the link is gone. */
  send(frame: ClientFrame): boolean;
  /** Let go of everything. Nothing is told. */
  close(): void;
}

export type OpenTransport = (target: Target, handlers: TransportHandlers) => Transport;
