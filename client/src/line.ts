import type { Hold, Point, Stamp } from "./cursors.js";
import type { LinkStatus } from "./link.js";
import type { Served } from "./subscriptions.js";
import type { ClientFrame, Frame } from "./wire.js";

/** How a tab reaches the server: by a link of its own (`leader.ts`), or by the tab that has one (`follower.ts`). */
export interface Line {
  readonly leading: boolean;
  readonly status: LinkStatus;
  /** This tab wants other channels than before: `LineHandlers.holds`. */
  hold(): void;
  /** False: not written; there is no link. */
  send(frame: ClientFrame): boolean;
  /** Something may wait to be sent in the outbox. */
  pump(): void;
  connect(): void;
  reconnect(): void;
  /** The network went, or came back. */
  rouse(online: boolean): void;
  /** Whether this tab is looked at. */
  watched(visible: boolean): void;
  /** Let go of everything; nothing is told any more. */
  stop(): void;
}

export interface LineHandlers {
  /** All channels that this tab wants, and how far each of them is. */
  holds(): readonly Hold[];
  frame(frame: Frame, at: Stamp): void;
  served(channel: string, by: Served, point: Point | null): void;
  status(status: LinkStatus): void;
  /** The command with this ref, for which `send` had hope, was not written. */
  unsent(ref: string): void;
}
