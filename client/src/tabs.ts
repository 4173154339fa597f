import type { Hold, Point, Stamp } from "./cursors.js";
import { uniqueName } from "./environment.js";
import type { LinkStatus } from "./link.js";
import type { OutboxChange } from "./outbox.js";
import type { Served } from "./subscriptions.js";
import type { ClientFrame, Frame } from "./wire.js";

/** What tabs say to each other. Those with `to` are for one of them. */
export type TabMessage =
  /** All that a tab wants. `again`: it has missed frames, or is new here. */
  | { kind: "holds"; from: string; holds: readonly Hold[]; again: boolean; visible: boolean }
  | { kind: "send"; from: string; frame: ClientFrame }
  | { kind: "taken"; to: string; ref: string | null; written: boolean }
  | { kind: "wish"; wish: "connect" | "reconnect" }
  | { kind: "outbox"; change: OutboxChange }
  | { kind: "bye"; from: string }
  /** A new leader asks for everybody's `holds`. */
  | { kind: "lead" }
  | { kind: "frame"; frame: Frame; at: Stamp }
  | { kind: "served"; to: string; channel: string; by: Served; point: Point | null }
  | { kind: "status"; status: LinkStatus; at: Stamp };

export interface TabsHandlers {
  /** This tab leads from now on. */
  lead(): void;
  /** Another tab took the lead by force. */
  overthrown(): void;
  message(message: TabMessage): void;
}

/**
 * The tabs of one user in this browser. One of them holds a Web Lock and leads; when it goes, however it goes, the
 * browser gives the lock to the next. Each tab also holds a lock of its own, by which the others know that it lives.
 */
export class Tabs {
  readonly id = uniqueName();
  private readonly channel: BroadcastChannel;
  private readonly leaving = new AbortController();
  private queueing = new AbortController();
  private letGo: () => void = () => undefined;
  private readonly left: Promise<void>;

  constructor(
    private readonly name: string,
    private readonly locks: LockManager,
    Channel: typeof BroadcastChannel,
    private readonly handlers: TabsHandlers,
  ) {
    this.left = new Promise((resolve) => {
      this.letGo = resolve;
    });
    this.channel = new Channel(name);
    this.channel.onmessage = ({ data }: MessageEvent<TabMessage>) => {
      if (!("to" in data) || data.to === this.id) this.handlers.message(data);
    };
    locks.request(this.lockOf(this.id), { signal: this.leaving.signal }, () => this.left).catch(ignore);
    this.queue();
  }

  post(message: TabMessage): void {
    if (!this.leaving.signal.aborted) this.channel.postMessage(message);
  }

  /** Lead now, though another tab does. */
  steal(): void {
    this.queueing.abort();
    this.locks.request(this.name, { steal: true }, () => this.hold()).catch(() => this.lost());
  }

  /** The other tabs that live. */
  async others(): Promise<string[]> {
    const { held } = await this.locks.query();
    const prefix = this.lockOf("");
    const names = (held ?? []).flatMap(({ name }) => name ?? []);
    return names
      .filter((name) => name.startsWith(prefix))
      .map((name) => name.slice(prefix.length))
      .filter((id) => id !== this.id);
  }

  /** Call `gone` when that tab is not there any more. */
  watch(id: string, gone: () => void): void {
    const { signal } = this.leaving;
    this.locks.request(this.lockOf(id), { signal }, () => gone()).catch(ignore);
  }

  leave(): void {
    if (this.leaving.signal.aborted) return;
    this.post({ kind: "bye", from: this.id });
    this.leaving.abort();
    this.queueing.abort();
    this.letGo();
    this.channel.onmessage = null;
    this.channel.close();
  }

  private queue(): void {
    this.queueing = new AbortController();
    const { signal } = this.queueing;
    this.locks
      .request(this.name, { signal }, () => this.hold())
      .catch(() => {
        if (!signal.aborted) this.lost();
      });
  }

  private hold(): Promise<void> {
    if (!this.leaving.signal.aborted) this.handlers.lead();
    return this.left;
  }

  private lost(): void {
    if (this.leaving.signal.aborted) return;
    this.handlers.overthrown();
    this.queue();
  }

  private lockOf(id: string): string {
    return `${this.name} tab ${id}`;
  }
}

/** A lock that is not waited for any more says so by an error. */
const ignore = () => undefined;
