import { Emitter } from "./emitter.js";
import { uniqueName } from "./environment.js";
import type { CommandName, FieldsOf } from "./generated.js";
import type { Storage } from "./storage.js";
import type { Ack, ClientError, Pending } from "./types.js";

/** What happened to one command; told to the other tabs, so that all show the same. */
export type OutboxChange =
  | { readonly kind: "entry"; readonly pending: Pending }
  | { readonly kind: "acked"; readonly ref: string; readonly ack: Ack }
  | { readonly kind: "gone"; readonly ref: string };

/**
 * The commands of this user, of all tabs and of earlier page loads, that have no ack yet, in the order in which they
 * were made. Who leads sends them (`sender.ts`).
 */
export class Outbox {
  readonly onPending = new Emitter<[pending: readonly Pending[]]>();
  readonly onAcked = new Emitter<[pending: Pending, ack: Ack]>();
  /** A change made here, for the other tabs. */
  readonly onChange = new Emitter<[change: OutboxChange]>();
  pending: readonly Pending[] = [];
  /** What earlier page loads left is in the list: only then may anything be sent. */
  loaded = false;
  private storage: Storage | null = null;
  private readonly settled = new Set<string>();
  private lastAt = 0;

  /** Keep the commands there, those that were made before the first call, too. A second call is another user's. */
  async open(storage: Storage): Promise<void> {
    if (this.storage !== null) this.leave();
    this.storage = storage;
    for (const pending of this.pending) storage.put(pending);
    await this.load();
  }

  /** Take up what is kept and not known yet. */
  async load(): Promise<void> {
    const { storage } = this;
    if (storage === null) return;
    const found = await storage.load();
    if (storage !== this.storage) return;
    const known = new Set(this.pending.map(({ ref }) => ref));
    const left = found.filter(({ ref }) => !known.has(ref) && !this.settled.has(ref));
    this.loaded = true;
    this.lastAt = Math.max(this.lastAt, ...left.map(({ createdAt }) => createdAt));
    this.show([...left, ...this.pending]);
  }

  add<C extends CommandName>(channel: string, type: C, fields: FieldsOf<C>): Pending<C> {
    this.lastAt = Math.max(Date.now(), this.lastAt + 1); // in the order of the calls, whatever the clock does
    const made = { ref: uniqueName(), channel, type, fields, state: "queued", error: null } as const;
    const pending: Pending<C> = { ...made, createdAt: this.lastAt };
    this.keep(pending);
    return pending;
  }

  get(ref: string): Pending | undefined {
    return this.pending.find((pending) => pending.ref === ref);
  }

  /** What became of it, but for the ack. */
  mark(ref: string, state: Pending["state"], error: ClientError | null = null): void {
    const pending = this.get(ref);
    if (pending === undefined || (pending.state === state && error === null)) return;
    const marked = { ...pending, state, error };
    if (state === "failed" || pending.state === "failed") this.storage?.put(marked);
    this.replace(marked);
    this.onChange.tell({ kind: "entry", pending: marked });
  }

  acked(ref: string, ack: Ack): void {
    const pending = this.settle(ref);
    this.onChange.tell({ kind: "acked", ref, ack });
    if (pending !== undefined) this.onAcked.tell(pending, ack);
  }

  retry(ref: string): void {
    if (this.get(ref)?.state === "failed") this.mark(ref, "queued");
  }

  discard(ref: string): void {
    const state = this.get(ref)?.state;
    if (state === undefined || state === "sent") return;
    this.settle(ref);
    this.onChange.tell({ kind: "gone", ref });
  }

  /** A change that another tab made. */
  take(change: OutboxChange): void {
    if (change.kind === "entry") {
      this.replace(change.pending);
      return;
    }
    const pending = this.settle(change.ref);
    if (pending !== undefined && change.kind === "acked") this.onAcked.tell(pending, change.ack);
  }

  close(): void {
    this.leave();
    for (const emitter of [this.onPending, this.onAcked, this.onChange]) emitter.clear();
  }

  private leave(): void {
    this.storage?.close();
    this.storage = null;
    this.loaded = false;
    this.settled.clear();
    this.show([]);
  }

  private keep(pending: Pending): void {
    this.storage?.put(pending);
    this.show([...this.pending, pending]);
    this.onChange.tell({ kind: "entry", pending });
  }

  private replace(pending: Pending): void {
    if (this.settled.has(pending.ref)) return;
    const at = this.pending.findIndex(({ ref }) => ref === pending.ref);
    this.show(at < 0 ? [...this.pending, pending] : this.pending.with(at, pending));
  }

  /**
   * It is not pending any more. Each tab forgets it, the one that made it, too: only its own removal is sure to come
   * after its own writing.
   */
  private settle(ref: string): Pending | undefined {
    const pending = this.get(ref);
    this.settled.add(ref);
    this.storage?.remove(ref);
    if (pending !== undefined) this.show(this.pending.filter((each) => each !== pending));
    return pending;
  }

  private show(pending: readonly Pending[]): void {
    this.pending = pending;
    this.onPending.tell(pending);
  }
}
