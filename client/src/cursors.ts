import { ONE_TOPIC_CHANNELS } from "./generated.js";
import type { Frame } from "./wire.js";

/**
 * When a frame came over the link: the leader's term, and the frame's number in it. Cursors are opaque; by this they can
 * be told apart all the same: of two, the one of the earlier frame is the older.
 */
export type Stamp = readonly [term: number, no: number];

/** Everything up to here has been told. */
export interface Point {
  readonly cursor: string;
  readonly at: Stamp;
}

/** What a tab wants of a channel: to go on from its point, else from `since`, else from now. */
export interface Hold {
  readonly channel: string;
  readonly since: string | null;
  readonly point: Point | null;
}

export function isOlder(one: Stamp, other: Stamp): boolean {
  return one[0] < other[0] || (one[0] === other[0] && one[1] < other[1]);
}

/** Whether the frames of channel `name` come to those who have `holder` open: its own, and `messages/5` to `messages`. */
export function covers(holder: string, name: string): boolean {
  return holder === name || name.startsWith(`${holder}/`);
}

/** The cursor in a frame of an open channel, where it has one. */
export function cursorOf(frame: Frame): string | null {
  if (typeof frame.cursor === "string") return frame.cursor;
  const { channel, id } = frame;
  if (id === undefined || channel === undefined) return null;
  // Where a channel has several topics, their ids may commit out of order.
  return ONE_TOPIC_CHANNELS.some((pattern) => pattern.test(channel)) ? String(id) : null;
}
