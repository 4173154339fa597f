import type { Stamp } from "./cursors.js";
import type { Line, LineHandlers } from "./line.js";
import type { LinkStatus } from "./link.js";
import { NO_LINK } from "./link.js";
import type { Page } from "./page.js";
import type { TabMessage } from "./tabs.js";
import type { ClientFrame } from "./wire.js";

/** A tab that uses the leader's link. */
export class Follower implements Line {
  readonly leading = false;
  status: LinkStatus;
  /** As the leader told it last. */
  private told: LinkStatus;
  private at: Stamp | null = null;
  private isNew = true;
  private overdue: ReturnType<typeof setTimeout> | undefined;

  /** `patience`: ms that the leader may take to answer, before it counts as asleep. */
  constructor(
    private readonly id: string,
    private readonly post: (message: TabMessage) => void,
    private readonly page: Page,
    private readonly patience: number,
    private readonly handlers: LineHandlers,
    before: LinkStatus = NO_LINK,
  ) {
    const wasUp = before.state === "connected" || before.state === "reconnecting";
    this.told = this.status = { ...before, state: wasUp ? "reconnecting" : "connecting" };
    this.expectAnswer();
  }

  hold(): void {
    this.postHolds(false);
  }

  send(frame: ClientFrame): boolean {
    if (this.status.state !== "connected") return false;
    this.post({ kind: "send", from: this.id, frame });
    this.expectAnswer();
    return true;
  }

  /** The leader hears of each change by itself. */
  pump(): void {}

  connect(): void {
    this.post({ kind: "wish", wish: "connect" });
  }

  reconnect(): void {
    this.post({ kind: "wish", wish: "reconnect" });
  }

  /** The leader hears it from the browser, too. */
  rouse(): void {}

  watched(): void {
    this.postHolds(false);
  }

  take(message: TabMessage): void {
    switch (message.kind) {
      case "lead":
        this.at = null;
        this.postHolds(true);
        break;
      case "frame":
        this.answered();
        if (this.follows(message.at)) this.handlers.frame(message.frame, message.at);
        break;
      case "served":
        this.handlers.served(message.channel, message.by, message.point);
        break;
      case "status":
        this.answered();
        this.at = message.at;
        this.told = message.status;
        this.show(this.told);
        break;
      case "taken":
        this.answered();
        if (!message.written && message.ref !== null) this.handlers.unsent(message.ref);
        break;
    }
  }

  stop(): void {
    clearTimeout(this.overdue);
  }

  /** Whether this is the next frame. One that was missed, by a page that slept, makes it begin anew. */
  private follows([term, no]: Stamp): boolean {
    if (this.at === null) return false; // what came before the leader knew of this tab
    const isNext = this.at[0] === term && this.at[1] + 1 === no;
    this.at = isNext ? [term, no] : null;
    if (!isNext) this.postHolds(true);
    return isNext;
  }

  private postHolds(again: boolean): void {
    const { id: from, page, isNew } = this;
    this.isNew = false;
    this.post({
      kind: "holds",
      from,
      holds: this.handlers.holds(),
      again: again || isNew,
      visible: page.visible,
    });
  }

  private expectAnswer(): void {
    this.overdue ??= setTimeout(() => this.show({ ...this.told, state: "reconnecting" }), this.patience);
  }

  private answered(): void {
    clearTimeout(this.overdue);
    this.overdue = undefined;
    if (this.status !== this.told) this.show(this.told);
  }

  private show(status: LinkStatus): void {
    this.status = status;
    this.handlers.status(status);
  }
}
