/** Frames of the wire protocol that are no events, and what its close codes ask for. */

import type { ClientError } from "./types.js";

/** Any frame of the server: an event, or one of those below. */
export interface Frame {
  readonly type: string;
  readonly channel?: string;
  readonly id?: number;
  readonly ref?: string;
  readonly [key: string]: unknown;
}

/** Any frame to the server: `subscribe`, `authenticate`, `ping`, or an app's command. */
export type ClientFrame = Frame;

/** The frames that speak of the link, a channel or a command; all others are events. */
const CONTROL = new Set([
  "connected",
  "subscribed",
  "unsubscribed",
  "caught_up",
  "cursor",
  "ack",
  "error",
  "auth_error",
  "authenticated",
  "token_expiring",
  "reconnect",
  "pong",
]);

export function isEvent(frame: Frame): boolean {
  return !CONTROL.has(frame.type);
}

/** Null where it is no JSON: nothing that this client could act on. */
export function parseJSON(text: unknown): unknown {
  if (typeof text !== "string") return null;
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

export function asFrame(value: unknown): Frame | null {
  if (typeof value !== "object" || value === null || !("type" in value)) return null;
  return typeof value.type === "string" ? (value as Frame) : null;
}

export function numberIn(value: unknown, key: string): number | null {
  if (typeof value !== "object" || value === null) return null;
  const found = (value as Readonly<Record<string, unknown>>)[key];
  return typeof found === "number" ? found : null;
}

export function textOf(value: unknown): string | null {
  if (typeof value === "string") return value;
  return typeof value === "number" ? String(value) : null;
}

/** What an `error` or `auth_error` frame, or the body of a refused request, says. */
export function errorOf(frame: Readonly<Record<string, unknown>>, closeCode?: number): ClientError {
  const retryAfter = frame.retry_after;
  return {
    code: textOf(frame.code) ?? "internal",
    message: textOf(frame.message) ?? textOf(frame.detail) ?? "The server said no more.",
    ...(typeof frame.field === "string" ? { field: frame.field } : {}),
    ...(typeof retryAfter === "number" ? { retryAfter } : {}),
    ...(closeCode === undefined ? {} : { closeCode }),
  };
}

export const network = (message: string): ClientError => ({ code: "network", message });

/** `token`: come back with a new token. `stop`: only a person can change what is wrong. */
export type Verdict = "retry" | "token" | "stop";

const RETRY = "retry";

/** What each close code asks for; codes that are not here are broken links: `retry`. */
const CLOSE_CODES: Readonly<Record<number, readonly [Verdict, string]>> = {
  1000: [RETRY, "The server closed the link."],
  1001: [RETRY, "The server went away."],
  1007: ["stop", "The server could not read a frame of ours."],
  1009: ["stop", "A frame was too large."],
  1012: [RETRY, "The server restarts."],
  1013: [RETRY, "The server is overloaded."],
  4400: ["stop", "Too many bad frames."],
  4401: ["token", "The token is missing, expired or revoked."],
  4403: ["stop", "No right to this, or the address is wrong."],
  4408: [RETRY, "The link was silent for too long."],
  4429: [RETRY, "Too many links or messages."],
};

export function verdictOn(closeCode: number): Verdict {
  return CLOSE_CODES[closeCode]?.[0] ?? RETRY;
}

export function closed(closeCode: number): ClientError {
  const message = CLOSE_CODES[closeCode]?.[1] ?? "The link broke.";
  return { code: "closed", message, closeCode };
}
