import type { Hold, Point, Stamp } from "./cursors.js";
import { covers } from "./cursors.js";
import { Emitter, Emitters } from "./emitter.js";
import { Entry, Listeners } from "./entry.js";
import type { ServerEvent } from "./generated.js";
import { RecentIds } from "./recent.js";
import type { Served } from "./subscriptions.js";
import { isLoss } from "./subscriptions.js";
import type { Wanted } from "./transports/transport.js";
import type { Unsubscribe } from "./types.js";
import type { Frame } from "./wire.js";
import { errorOf, isEvent } from "./wire.js";

export interface ChannelsHandlers {
  /** Other channels are held now than before. Told once for what changes in one go. */
  changed(): void;
  /** Ask the server what a channel missed. */
  read(wanted: Wanted): void;
  /** `catchingUp` may be another. */
  progress(): void;
}

/** The channels that this tab has open: tells each event once to each of them, in order. */
export class Channels {
  /** Events of any open channel, by their type. */
  readonly events = new Emitters<[event: ServerEvent]>();
  /** Events of any open channel. */
  readonly any = new Emitter<[event: ServerEvent]>();
  private readonly entries = new Map<string, Entry>();
  private readonly byName = new Map<string, Listeners>();
  private readonly known = new RecentIds();
  private readonly toldFrames = new WeakSet<Frame>();
  private planned = false;

  constructor(private readonly handlers: ChannelsHandlers) {}

  get catchingUp(): boolean {
    return [...this.entries.values()].some((entry) => entry.catchingUp);
  }

  get holds(): Hold[] {
    return [...this.entries.values()].map((entry) => entry.hold);
  }

  isOpen(name: string): boolean {
    return this.entries.has(name);
  }

  listeners(name: string): Listeners {
    const found = this.byName.get(name) ?? new Listeners();
    this.byName.set(name, found);
    return found;
  }

  /** Hold the channel open until what this returns is called. */
  open(name: string, since?: string): Unsubscribe {
    const entry = this.entries.get(name) ?? new Entry(name, since ?? null, (frame) => this.tell(name, frame));
    this.entries.set(name, entry);
    entry.openers += 1;
    this.change();
    return this.closer(entry);
  }

  /** How the leader serves a channel that this tab holds. */
  serve(name: string, by: Served, point: Point | null): void {
    const entry = this.entries.get(name);
    if (entry === undefined) return;
    entry.served = true;
    if (by === "link") return;
    this.handlers.read(entry.read(point));
    this.handlers.progress();
  }

  take(frame: Frame, at: Stamp): void {
    const { channel } = frame;
    if (channel === undefined) return;
    if (isEvent(frame)) {
      for (const entry of this.covering(channel)) entry.event(frame, at);
      return;
    }
    const entry = this.entries.get(channel);
    if (entry === undefined) return;
    if (isLoss(frame)) this.lose(entry, frame);
    else if (frame.type === "subscribed" && entry.subscribed(frame, at)) this.listeners(channel).reset.tell();
    else if (frame.type === "caught_up") this.caughtUp(entry, frame, at);
    else if (frame.type === "cursor") entry.advance(frame, at);
    this.handlers.progress();
  }

  /** The answer to `read`: frames of these channels alone, up to each one's `caught_up`. */
  takeRead(asked: readonly Wanted[], frames: readonly Frame[]): void {
    const reading = this.reading(asked);
    for (const frame of frames) {
      const { channel } = frame;
      if (channel === undefined) continue;
      if (frame.type === "subscribed" && frame.recovered === false) this.listeners(channel).reset.tell();
      if (!isEvent(frame)) continue;
      for (const entry of reading) if (covers(entry.name, channel)) entry.readEvent(frame);
    }
    for (const entry of reading) this.readDone(entry);
  }

  /** No answer to `read` came: what these channels missed has to be read by REST. */
  failRead(asked: readonly Wanted[]): void {
    for (const entry of this.reading(asked)) {
      this.listeners(entry.name).reset.tell();
      this.readDone(entry);
    }
  }

  wentDown(): void {
    for (const entry of this.entries.values()) entry.wentDown();
  }

  clear(): void {
    this.entries.clear();
    this.events.clear();
    this.any.clear();
    for (const listeners of this.byName.values()) listeners.clear();
    this.byName.clear();
  }

  private closer(entry: Entry): Unsubscribe {
    let open = true;
    return () => {
      if (!open) return;
      open = false;
      entry.openers -= 1;
      this.change();
    };
  }

  private caughtUp(entry: Entry, frame: Frame, at: Stamp): void {
    entry.caughtUp(frame, at);
    if (entry.reading !== null) this.handlers.read(entry.reading);
    else if (entry.served) this.listeners(entry.name).caughtUp.tell();
  }

  private readDone(entry: Entry): void {
    entry.readDone();
    this.listeners(entry.name).caughtUp.tell();
    this.handlers.progress();
  }

  /** Who still waits for these very answers: a channel may have been closed and opened again meanwhile. */
  private reading(asked: readonly Wanted[]): Entry[] {
    return [...this.entries.values()].filter(({ reading }) => reading !== null && asked.includes(reading));
  }

  private lose(entry: Entry, frame: Frame): void {
    this.entries.delete(entry.name);
    this.change();
    const error = frame.type === "error" ? errorOf(frame) : LOST;
    this.listeners(entry.name).lost.tell(error);
  }

  private covering(channel: string): Entry[] {
    return [...this.entries.values()].filter((entry) => covers(entry.name, channel));
  }

  private tell(name: string, frame: Frame): void {
    this.listeners(name).tell(frame);
    if (!this.isNews(frame)) return;
    const event = frame as unknown as ServerEvent;
    this.any.tell(event);
    this.events.tell(event.type, event);
  }

  /** Whether no other channel that covers it has told it. */
  private isNews(frame: Frame): boolean {
    if (frame.id !== undefined) return this.known.add(frame.id);
    const isNew = !this.toldFrames.has(frame);
    this.toldFrames.add(frame);
    return isNew;
  }

  /** Whoever closes a channel and opens it again in one go, as components do, changes nothing. */
  private change(): void {
    if (this.planned) return;
    this.planned = true;
    queueMicrotask(() => {
      this.planned = false;
      for (const [name, { openers }] of this.entries) if (openers === 0) this.entries.delete(name);
      this.handlers.changed();
      this.handlers.progress();
    });
  }
}

const LOST = { code: "forbidden", message: "The right to this channel has ended." };
