import type { TypingEvent } from "../generated.js";

const AGAIN_MS = 3_000; // with others it ends by itself after 6 s: one that is lost on the way does no harm
const SILENCE_MS = 4_000;
const OTHERS_MS = 6_000; // PROTOCOL §4

/** Says that somebody is typing while they are: not at each key, and not for longer than they do. */
export class TypingSignal {
  private toldAt: number | null = null;
  private silence: ReturnType<typeof setTimeout> | undefined;

  /** `emit` returns whether it was written; what was not is said again at the next key. */
  constructor(private readonly emit: (isTyping: boolean) => boolean) {}

  set(isTyping: boolean): void {
    if (!isTyping) {
      this.stop();
      return;
    }
    clearTimeout(this.silence);
    this.silence = setTimeout(() => this.stop(), SILENCE_MS);
    const now = Date.now();
    if (this.toldAt !== null && now - this.toldAt < AGAIN_MS) return;
    this.toldAt = this.emit(true) ? now : null;
  }

  /** Also at the end: no timer is left. */
  stop(): void {
    clearTimeout(this.silence);
    if (this.toldAt === null) return;
    this.toldAt = null;
    this.emit(false);
  }
}

/** Ends the typing of others where nobody says so: their signal may be lost on the way, or they with it. */
export class OthersTyping {
  private readonly running = new Map<
    TypingEvent["user_id"],
    { event: TypingEvent; timer: ReturnType<typeof setTimeout> }
  >();

  constructor(private readonly tell: (event: TypingEvent) => void) {}

  heard(event: TypingEvent): void {
    const known = this.running.has(event.user_id);
    this.forget(event.user_id);
    if (event.is_typing) {
      const timer = setTimeout(() => this.ended(event.user_id), OTHERS_MS);
      this.running.set(event.user_id, { event, timer });
    }
    if (event.is_typing || known) this.tell(event);
  }

  /** Also when what they wrote has come. */
  ended(userId: TypingEvent["user_id"]): void {
    const running = this.running.get(userId);
    if (!running) return;
    this.forget(userId);
    this.tell({ ...running.event, is_typing: false });
  }

  /** No timer is left; nobody is told. */
  stop(): void {
    for (const userId of [...this.running.keys()]) this.forget(userId);
  }

  private forget(userId: TypingEvent["user_id"]): void {
    clearTimeout(this.running.get(userId)?.timer);
    this.running.delete(userId);
  }
}
