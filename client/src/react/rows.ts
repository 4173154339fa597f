import type { Ack, KithClientApi, Pending, Unsubscribe } from "../types.js";

export type MessageRow = Pending<"message">;

const EVENT_AFTER_ACK_MS = 5_000; // what is not told by then was told before somebody listened

/**
 * The messages of one chat that were sent from here and not yet told to it, for `useSyncExternalStore`.
 *
 * A message's ack and its event come in either order. The row stands until the event has come: gone with the ack,
 * the message would be nowhere for a moment; kept after the event, it would be there twice.
 */
export class MessageRows {
  rows: readonly MessageRow[] = [];
  private readonly acked = new Map<string, { row: MessageRow; timer: ReturnType<typeof setTimeout> }>();
  private readonly told = new Set<string>();
  private changed: (() => void) | null = null;

  constructor(
    private readonly client: KithClientApi,
    private readonly channel: string,
  ) {}

  readonly subscribe = (changed: () => void): Unsubscribe => {
    this.changed = changed;
    this.show();
    const ends = [
      this.client.onPending(() => this.show()),
      this.client.onAcked((row, ack) => this.wasAcked(row, ack)),
      this.client.channel(this.channel).on("new_message", ({ ref }) => this.wasTold(ref)),
    ];
    return () => {
      for (const end of ends) end();
      for (const { timer } of this.acked.values()) clearTimeout(timer);
      this.acked.clear();
      this.told.clear();
      this.changed = null;
    };
  };

  readonly snapshot = (): readonly MessageRow[] => this.rows;

  private wasAcked(row: Pending, ack: Ack): void {
    if (!isMessage(row) || row.channel !== this.channel || ack.duplicate || this.told.delete(row.ref)) return;
    const timer = setTimeout(() => this.forget(row.ref), EVENT_AFTER_ACK_MS);
    this.acked.set(row.ref, { row: { ...row, state: "sent", error: null }, timer });
    this.show();
  }

  private wasTold(ref: string | null): void {
    if (ref === null) return;
    if (this.acked.has(ref)) this.forget(ref);
    else if (this.client.pending.some((row) => row.ref === ref)) {
      this.told.add(ref);
      this.show();
    }
  }

  private forget(ref: string): void {
    clearTimeout(this.acked.get(ref)?.timer);
    this.acked.delete(ref);
    this.show();
  }

  private show(): void {
    const waiting = this.client.pending.filter(isMessage).filter((row) => row.channel === this.channel);
    const refs = new Set(waiting.map((row) => row.ref));
    const acked = [...this.acked.values()].map(({ row }) => row).filter((row) => !refs.has(row.ref));
    const rows = [...acked, ...waiting].filter((row) => !this.told.has(row.ref));
    if (rows.length === this.rows.length && rows.every((row, at) => row === this.rows[at])) return;
    this.rows = rows;
    this.changed?.();
  }
}

function isMessage(row: Pending): row is MessageRow {
  return row.type === "message";
}
