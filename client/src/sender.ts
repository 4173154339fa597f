import type { Outbox } from "./outbox.js";
import { ackOf } from "./requests.js";
import { isLoss } from "./subscriptions.js";
import type { ClientError, Pending } from "./types.js";
import type { ClientFrame, Frame } from "./wire.js";
import { errorOf } from "./wire.js";

/** An ack that has not come by then is asked for again: the same `ref` makes nothing twice. */
const ACK_MS = 15_000;
/** The database is away: when to try again, doubled each time. */
const PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;
/** A command that breaks the server each time must not keep the others waiting for ever. */
const MOST_FAILURES = 5;

export interface SenderHandlers {
  send(frame: ClientFrame): boolean;
  /** Whether commands of this channel can be sent. */
  isLive(channel: string): boolean;
  /** The channels that sending needs. */
  hold(channels: readonly string[]): void;
}

/** Sends what is in the outbox: in order, and of each channel one at a time, so that none overtakes a refused one. */
export class Sender {
  private readonly inFlight = new Map<string, { ref: string; timer: ReturnType<typeof setTimeout> }>();
  private pause: ReturnType<typeof setTimeout> | undefined;
  private failures = 0;
  private stopped = false;

  constructor(
    private readonly outbox: Outbox,
    private readonly handlers: SenderHandlers,
  ) {}

  /** Send what can be sent now. */
  pump(): void {
    if (this.stopped || !this.outbox.loaded) return;
    const waiting = this.outbox.pending.filter(({ state }) => state !== "failed");
    this.handlers.hold([...new Set(waiting.map(({ channel }) => channel))]);
    if (this.pause !== undefined) return;
    for (const pending of waiting) {
      if (!this.inFlight.has(pending.channel) && this.handlers.isLive(pending.channel)) this.send(pending);
    }
  }

  take(frame: Frame): void {
    const { channel } = frame;
    if (channel === undefined) return;
    if (isLoss(frame)) this.refuseAll(channel, errorOf(frame));
    const ref = this.inFlight.get(channel)?.ref;
    if (ref !== undefined && ref === frame.ref) this.answered(channel, ref, frame);
    if (frame.type === "caught_up") this.pump();
  }

  /** Whatever was on its way may have arrived or not: it is sent again. */
  wentDown(): void {
    clearTimeout(this.pause);
    this.pause = undefined;
    for (const channel of [...this.inFlight.keys()]) this.requeue(channel);
  }

  stop(): void {
    this.stopped = true;
    this.wentDown();
  }

  private send(pending: Pending): void {
    const { ref, channel, type, fields } = pending;
    if (!this.handlers.send({ ...fields, type, ref, channel })) return;
    const timer = setTimeout(() => {
      this.requeue(channel);
      this.pump();
    }, ACK_MS);
    this.inFlight.set(channel, { ref, timer });
    this.outbox.mark(ref, "sent");
  }

  private answered(channel: string, ref: string, frame: Frame): void {
    if (frame.type === "ack") {
      this.land(channel);
      this.failures = 0;
      this.outbox.acked(ref, ackOf(frame, ref));
    } else if (frame.type === "error") {
      this.refused(channel, ref, errorOf(frame));
    }
    this.pump();
  }

  private refused(channel: string, ref: string, error: ClientError): void {
    if (error.code === "rate_limited") {
      this.rest((error.retryAfter ?? 1) * 1_000);
      this.requeue(channel);
    } else if (error.code === "unavailable" || (error.code === "internal" && this.failures < MOST_FAILURES)) {
      this.rest(Math.min(LONGEST_PAUSE_MS, PAUSE_MS * 2 ** this.failures));
      this.requeue(channel);
      this.failures += 1;
    } else {
      this.land(channel);
      this.failures = 0;
      this.outbox.mark(ref, "failed", error);
    }
  }

  private refuseAll(channel: string, error: ClientError): void {
    this.land(channel);
    for (const pending of this.outbox.pending) {
      if (pending.channel === channel && pending.state !== "failed")
        this.outbox.mark(pending.ref, "failed", error);
    }
  }

  private requeue(channel: string): void {
    const ref = this.land(channel);
    if (ref !== undefined) this.outbox.mark(ref, "queued");
  }

  private land(channel: string): string | undefined {
    const flight = this.inFlight.get(channel);
    clearTimeout(flight?.timer);
    this.inFlight.delete(channel);
    return flight?.ref;
  }

  /** Rates and databases are everyone's: nothing is sent meanwhile. To be called before what it holds up is queued. */
  private rest(ms: number): void {
    clearTimeout(this.pause);
    this.pause = setTimeout(() => {
      this.pause = undefined;
      this.pump();
    }, ms);
  }
}
