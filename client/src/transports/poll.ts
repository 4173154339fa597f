import type { Endpoint } from "../options.js";
import type { Frame } from "../wire.js";
import { asFrame } from "../wire.js";
import { eventsAddress } from "./http.js";
import type { Wanted } from "./transport.js";

export interface Poll {
  readonly frames: readonly Frame[];
  readonly cursor: string;
  readonly close: number | null;
}

export function pollAddress(endpoint: Endpoint, wanted: readonly Wanted[], waitS: number): string {
  const url = eventsAddress(endpoint, "", wanted);
  url.searchParams.set("wait", String(waitS));
  return url.href;
}

/** The body of an answer. Throws where it is none. */
export function readPoll(body: unknown): Poll {
  if (typeof body !== "object" || body === null || !("frames" in body) || !Array.isArray(body.frames)) {
    throw new TypeError("The answer holds no frames.");
  }
  const frames = body.frames.flatMap((frame: unknown) => asFrame(frame) ?? []);
  const cursor = "cursor" in body && typeof body.cursor === "string" ? body.cursor : "";
  const close = "close" in body && typeof body.close === "number" ? body.close : null;
  return { frames, cursor, close };
}
