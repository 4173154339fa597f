import type { Hold, Point, Stamp } from "./cursors.js";
import { covers, cursorOf, isOlder } from "./cursors.js";
import type { Wanted } from "./transports/transport.js";
import type { ClientFrame, Frame } from "./wire.js";

/** The database is away or the server is busy, says the answer to a `subscribe`: try again. */
const RETRY_MS = 2_000;
const TRANSIENT = new Set(["unavailable", "internal", "rate_limited"]);
const OPENING = "open:";

/** How a holder gets what it misses: `link`: what was subscribed for it tells it. `read`: it asks for it by itself. */
export type Served = "link" | "read";

export interface SubscriptionsHandlers {
  send(frame: ClientFrame): boolean;
  /** `point`: as far as the link has told, for holders that are to `read`. */
  serve(holder: string, channel: string, by: Served, point: Point | null): void;
}

/** One channel on the link. `sent`: asked for. `replaying`, `live`: as the server says. */
interface Open {
  readonly name: string;
  phase: "closed" | "sent" | "replaying" | "live";
  /** Opened on a link that had told things already. */
  late: boolean;
  point: Point | null;
  /** Of the last `subscribe`. */
  ref?: string;
  retry?: ReturnType<typeof setTimeout>;
  readonly served: Set<string>;
}

/** The refusal of a `subscribe`, or the end of a right: the channel is lost. */
export function isLoss(frame: Frame): boolean {
  if (frame.type === "unsubscribed") return frame.code !== undefined;
  if (frame.type !== "error" || !frame.ref?.startsWith(OPENING)) return false;
  return !(TRANSIENT.has(String(frame.code)) && isRetried(frame));
}

/** Answers to a `subscribe`, and what follows them, up to the answer to the last one. */
function isStale(frame: Frame, open: Open | undefined): boolean {
  if (frame.type === "subscribed") return frame.ref !== open?.ref;
  if (frame.type === "error") return frame.ref?.startsWith(OPENING) === true && frame.ref !== open?.ref;
  if (frame.type !== "caught_up" && frame.type !== "cursor" && frame.type !== "unsubscribed") return false;
  return open === undefined || open.phase === "sent";
}

function isRetried(frame: Frame): boolean {
  return frame.code !== "rate_limited" || typeof frame.retry_after === "number"; // else: too many channels
}

/**
 * What the leader has open on its link, for all tabs. It opens a channel from the oldest cursor of those who hold it;
 * who comes later reads what it misses by itself, so that nobody else is disturbed.
 */
export class Subscriptions {
  private readonly channels = new Map<string, Open>();
  private readonly holders = new Map<string, Map<string, Hold>>();
  private up = false;
  private refs = 0;

  constructor(private readonly handlers: SubscriptionsHandlers) {}

  /** All that this holder wants from now on. `again`: it has missed frames, and wants to be served anew. */
  hold(holder: string, holds: readonly Hold[], again = false): void {
    const before = this.holders.get(holder) ?? new Map<string, Hold>();
    const now = new Map(holds.map((hold) => [hold.channel, hold]));
    this.holders.set(holder, now);
    for (const name of before.keys()) if (!now.has(name)) this.release(holder, name);
    for (const name of now.keys()) if (again || !before.has(name)) this.add(holder, name);
  }

  drop(holder: string): void {
    this.hold(holder, []);
    this.holders.delete(holder);
  }

  isLive(name: string): boolean {
    return this.channels.get(name)?.phase === "live";
  }

  /** What `wentUp` will ask for. */
  wanted(): Wanted[] {
    return this.inOrder().map(({ name }) => ({ channel: name, since: this.since(name) }));
  }

  /** A new link: nothing is open on it. */
  wentUp(): void {
    this.wentDown();
    this.up = true;
    for (const open of this.inOrder()) {
      open.late = false;
      this.open(open);
    }
  }

  wentDown(): void {
    this.up = false;
    for (const open of this.channels.values()) {
      clearTimeout(open.retry);
      open.phase = "closed";
    }
  }

  /** False: it belongs to a subscription that has been given up since, and concerns nobody. */
  take(frame: Frame, at: Stamp): boolean {
    const open = frame.channel === undefined ? undefined : this.channels.get(frame.channel);
    if (isStale(frame, open)) return false;
    if (open === undefined) return true;
    if (isLoss(frame)) this.lose(open);
    else if (frame.type === "error") this.retryLater(open, frame);
    else this.advance(open, frame, at);
    return true;
  }

  stop(): void {
    this.wentDown();
    this.channels.clear();
    this.holders.clear();
  }

  private advance(open: Open, frame: Frame, at: Stamp): void {
    if (frame.type === "subscribed") open.phase = "replaying";
    if (frame.type === "caught_up") open.phase = "live";
    const cursor = cursorOf(frame);
    // Until `subscribed`, what comes belongs to another subscription that covers this channel.
    if (cursor !== null && open.phase !== "sent" && open.phase !== "closed") open.point = { cursor, at };
  }

  private add(holder: string, name: string): void {
    const open = this.channels.get(name);
    if (open === undefined) {
      const made: Open = { name, phase: "closed", late: this.up, point: null, served: new Set() };
      this.channels.set(name, made);
      if (this.up) this.open(made);
    } else if (this.up && open.phase !== "closed") {
      this.serve(open, holder, "read");
    } else {
      open.served.delete(holder);
    }
  }

  private release(holder: string, name: string): void {
    const open = this.channels.get(name);
    if (open === undefined) return;
    open.served.delete(holder);
    if (this.holdersOf(name).length > 0) return;
    clearTimeout(open.retry);
    this.channels.delete(name);
    if (open.phase !== "closed") this.handlers.send({ type: "unsubscribe", channel: name });
  }

  private lose(open: Open): void {
    clearTimeout(open.retry);
    this.channels.delete(open.name);
    for (const holds of this.holders.values()) holds.delete(open.name);
  }

  private retryLater(open: Open, frame: Frame): void {
    if (!frame.ref?.startsWith(OPENING)) return; // an error of a command
    const seconds = typeof frame.retry_after === "number" ? frame.retry_after : 0;
    open.phase = "closed";
    open.retry = setTimeout(() => this.open(open), seconds * 1_000 || RETRY_MS);
  }

  private open(open: Open): void {
    const { name } = open;
    const from = this.since(name);
    // A socket is not told twice what another of its channels told before, so beside one that covers this channel, or
    // is covered by it, not all since a cursor would come: who brings one reads.
    const shared = open.late && open.point === null && from !== null && this.isShared(name);
    const since = shared ? null : from;
    this.refs += 1;
    const ref = `${OPENING}${this.refs}`;
    open.phase = "sent";
    open.ref = ref;
    this.handlers.send({ type: "subscribe", channel: name, ref, ...(since === null ? {} : { since }) });
    for (const [holder, hold] of this.holdersOf(name)) {
      if (open.served.has(holder)) continue;
      const own = hold.point?.cursor ?? hold.since;
      const fromPoint = open.point === null && hold.point !== null; // the oldest of them is `since`
      this.serve(open, holder, own === null || (!shared && (own === since || fromPoint)) ? "link" : "read");
    }
  }

  private serve(open: Open, holder: string, by: Served): void {
    open.served.add(holder);
    this.handlers.serve(holder, open.name, by, open.point);
  }

  /** From where to open a channel: as far as this link has told; else the oldest point of a tab; else what one asks for. */
  private since(name: string): string | null {
    return (
      this.oldest(name)?.cursor ??
      this.holdersOf(name).find(([, hold]) => hold.since !== null)?.[1].since ??
      null
    );
  }

  private oldest(name: string): Point | null {
    const told = this.channels.get(name)?.point ?? null;
    if (told !== null) return told;
    const points = this.holdersOf(name).flatMap(([, { point }]) => point ?? []);
    return points.reduce<Point | null>((a, b) => (a === null || isOlder(b.at, a.at) ? b : a), null);
  }

  /** The oldest first: what they share is then told in order. */
  private inOrder(): Open[] {
    const never: Stamp = [Number.POSITIVE_INFINITY, 0];
    const age = ({ name }: Open) => this.oldest(name)?.at ?? never;
    return [...this.channels.values()].sort((a, b) =>
      isOlder(age(a), age(b)) ? -1 : isOlder(age(b), age(a)) ? 1 : 0,
    );
  }

  private isShared(name: string): boolean {
    return [...this.channels.values()].some(
      (other) =>
        other.name !== name &&
        other.phase !== "closed" &&
        (covers(other.name, name) || covers(name, other.name)),
    );
  }

  private holdersOf(name: string): [string, Hold][] {
    return [...this.holders].flatMap(([holder, holds]) => {
      const hold = holds.get(name);
      return hold === undefined ? [] : [[holder, hold] as [string, Hold]];
    });
  }
}
