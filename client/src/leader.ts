import type { Credentials } from "./credentials.js";
import type { Hold, Point, Stamp } from "./cursors.js";
import type { Environment } from "./environment.js";
import type { Line, LineHandlers } from "./line.js";
import type { LinkStatus } from "./link.js";
import { Link } from "./link.js";
import type { Endpoint, Options } from "./options.js";
import type { Outbox } from "./outbox.js";
import type { Page } from "./page.js";
import { Sender } from "./sender.js";
import type { Served } from "./subscriptions.js";
import { Subscriptions } from "./subscriptions.js";
import type { ClientFrame, Frame } from "./wire.js";

const OUTBOX = "outbox";

/** What a leader needs of its surroundings; the same for each term. */
export interface LeaderParts {
  readonly endpoint: Endpoint;
  readonly options: Options;
  readonly environment: Environment;
  readonly credentials: Credentials;
  readonly outbox: Outbox;
  readonly page: Page;
}

/** What the other tabs are told. */
export interface Followers {
  frame(frame: Frame, at: Stamp): void;
  served(holder: string, channel: string, by: Served, point: Point | null): void;
  status(status: LinkStatus, at: Stamp): void;
}

/** The tab that has the link: opens what all tabs want, sends what is in the outbox, and passes every frame on. */
export class Leader implements Line {
  readonly leading = true;
  private readonly link: Link;
  private readonly subscriptions: Subscriptions;
  private readonly sender: Sender;
  private readonly visible = new Set<string>();
  private no = 0;
  private ready = false;
  private up = false;

  constructor(
    parts: LeaderParts,
    private readonly self: string,
    private readonly term: number,
    private readonly handlers: LineHandlers,
    private readonly followers: Followers | null,
    before: LinkStatus,
  ) {
    const { endpoint, options, environment, credentials, outbox } = parts;
    this.subscriptions = new Subscriptions({
      send: (frame) => this.link.send(frame),
      serve: (holder, channel, by, point) => this.serve(holder, channel, by, point),
    });
    this.sender = new Sender(outbox, {
      send: (frame) => this.link.send(frame),
      isLive: (channel) => this.subscriptions.isLive(channel),
      hold: (channels) =>
        this.subscriptions.hold(
          OUTBOX,
          channels.map((channel) => ({ channel, since: null, point: null })),
        ),
    });
    this.link = new Link(
      endpoint,
      options,
      environment,
      credentials,
      {
        up: () => this.wentUp(),
        down: () => this.wentDown(),
        frame: (frame) => this.take(frame),
        status: (status) => this.tellStatus(status),
        wanted: () => this.subscriptions.wanted(),
      },
      before,
    );
    this.link.watched(false);
    this.watched(parts.page.visible);
  }

  get status(): LinkStatus {
    return this.link.status;
  }

  get at(): Stamp {
    return [this.term, this.no];
  }

  /** Every tab has said what it wants: what comes later is served beside. */
  begin(): void {
    if (this.ready) return;
    this.ready = true;
    if (this.up) this.subscriptions.wentUp();
    this.sender.pump();
  }

  hold(): void {
    this.holdFor(this.self, this.handlers.holds(), false);
  }

  holdFor(holder: string, holds: readonly Hold[], again: boolean): void {
    this.subscriptions.hold(holder, holds, again);
  }

  drop(holder: string): void {
    this.subscriptions.drop(holder);
    this.watchedBy(holder, false);
  }

  send(frame: ClientFrame): boolean {
    return this.link.send(frame);
  }

  pump(): void {
    this.sender.pump();
  }

  connect(): void {
    this.link.connect();
  }

  reconnect(): void {
    this.link.reconnect();
  }

  rouse(online: boolean): void {
    this.link.rouse(online);
  }

  watched(visible: boolean): void {
    this.watchedBy(this.self, visible);
  }

  /** The heart beats while any tab is looked at. */
  watchedBy(holder: string, visible: boolean): void {
    const before = this.visible.size;
    if (visible) this.visible.add(holder);
    else this.visible.delete(holder);
    if (before > 0 !== this.visible.size > 0) this.link.watched(visible);
  }

  stop(): void {
    this.sender.stop();
    this.subscriptions.stop();
    this.link.stop();
  }

  private wentUp(): void {
    this.up = true;
    if (this.ready) this.subscriptions.wentUp();
    this.sender.pump();
  }

  private wentDown(): void {
    this.up = false;
    this.subscriptions.wentDown();
    this.sender.wentDown();
  }

  private take(frame: Frame): void {
    this.no += 1;
    const { at } = this;
    if (!this.subscriptions.take(frame, at)) return;
    this.followers?.frame(frame, at);
    this.handlers.frame(frame, at);
    this.sender.take(frame);
  }

  private serve(holder: string, channel: string, by: Served, point: Point | null): void {
    if (holder === this.self) this.handlers.served(channel, by, point);
    else if (holder !== OUTBOX) this.followers?.served(holder, channel, by, point);
  }

  private tellStatus(status: LinkStatus): void {
    this.followers?.status(status, this.at);
    this.handlers.status(status);
  }
}
