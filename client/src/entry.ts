import type { Hold, Point, Stamp } from "./cursors.js";
import { cursorOf } from "./cursors.js";
import { Emitter, Emitters } from "./emitter.js";
import type { ServerEvent } from "./generated.js";
import { RecentIds } from "./recent.js";
import type { Wanted } from "./transports/transport.js";
import type { ClientError } from "./types.js";
import type { Frame } from "./wire.js";
import { isEvent } from "./wire.js";

/**
 * What this tab knows of one channel that it has open. Frames that come before the channel is at the point where they
 * belong are kept until it is: nothing is told before what came earlier.
 */
export class Entry {
  openers = 0;
  point: Point | null = null;
  /** As the link says. `waiting`: not open on it yet. */
  phase: "waiting" | "replaying" | "live" = "waiting";
  /** The leader knows of it: what the link says of this channel counts from then on. */
  served = false;
  /** This tab came late: what it asks for by itself, until the answer is told. */
  reading: Wanted | null = null;
  private held: { readonly frame: Frame; readonly at: Stamp }[] = [];
  private known = new RecentIds();

  constructor(
    readonly name: string,
    private readonly since: string | null,
    private readonly tell: (event: Frame) => void,
  ) {}

  get catchingUp(): boolean {
    return this.reading !== null || this.phase !== "live";
  }

  get hold(): Hold {
    return { channel: this.name, since: this.since, point: this.point };
  }

  /** An event of this channel, or of one that it covers. */
  event(frame: Frame, at: Stamp): void {
    if (this.reading !== null || this.phase === "waiting") this.held.push({ frame, at });
    else this.tellAt(frame, at);
  }

  /** What the server answered to this tab alone. */
  readEvent(frame: Frame): void {
    this.tellOnce(frame);
  }

  /** True: not all that was missed can be told. */
  subscribed(frame: Frame, at: Stamp): boolean {
    if (!this.served) return false;
    const recovered = frame.recovered !== false;
    const fromNow = this.point === null && this.since === null;
    this.phase = "replaying";
    if (this.reading !== null) return !recovered;
    if (!recovered || this.point === null) this.setPoint(frame, at);
    // From a cursor a replay comes, which belongs before what was kept.
    if (fromNow) this.release();
    return !recovered;
  }

  caughtUp(frame: Frame, at: Stamp): void {
    if (!this.served) return;
    this.phase = "live";
    if (this.reading !== null) return;
    this.release();
    this.setPoint(frame, at);
  }

  wentDown(): void {
    this.phase = "waiting";
  }

  /** This tab asks for what it missed. `point`: as far as the others were told when it began. */
  read(point: Point | null): Wanted {
    this.reading ??= { channel: this.name, since: this.point?.cursor ?? this.since };
    this.point ??= point;
    return this.reading;
  }

  /** What was missed is told: now what came meanwhile. */
  readDone(): void {
    this.reading = null;
    if (this.phase === "waiting") this.phase = "live";
    this.release();
  }

  /** While something is still to be told, the point stays: what follows it is replayed if the link breaks now. */
  advance(frame: Frame, at: Stamp): void {
    if (this.phase === "live" && this.reading === null) this.setPoint(frame, at);
  }

  private setPoint(frame: Frame, at: Stamp): void {
    const cursor = cursorOf(frame);
    if (cursor !== null) this.point = { cursor, at };
  }

  private release(): void {
    const { held } = this;
    this.held = [];
    for (const { frame, at } of held) this.tellAt(frame, at);
  }

  private tellAt(frame: Frame, at: Stamp): void {
    if (frame.channel === this.name) this.advance(frame, at);
    this.tellOnce(frame);
  }

  private tellOnce(frame: Frame): void {
    if (frame.id === undefined || this.known.add(frame.id)) this.tell(frame);
  }
}

/** Who listens to one channel. They may come before it is opened, and stay when it is closed. */
export class Listeners {
  readonly byType = new Emitters<[event: ServerEvent]>();
  readonly any = new Emitter<[event: ServerEvent]>();
  readonly reset = new Emitter();
  readonly caughtUp = new Emitter();
  readonly lost = new Emitter<[error: ClientError]>();

  tell(frame: Frame): void {
    if (!isEvent(frame)) return;
    const event = frame as unknown as ServerEvent; // by the schema that both sides are made from
    this.byType.tell(event.type, event);
    this.any.tell(event);
  }

  clear(): void {
    for (const each of [this.byType, this.any, this.reset, this.caughtUp, this.lost]) each.clear();
  }
}
