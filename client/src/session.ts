import { Backoff } from "./backoff.js";
import { userOf } from "./credentials.js";
import { Follower } from "./follower.js";
import type { Followers, LeaderParts } from "./leader.js";
import { Leader } from "./leader.js";
import type { Line, LineHandlers } from "./line.js";
import type { LinkStatus } from "./link.js";
import { NO_LINK } from "./link.js";
import type { TabMessage } from "./tabs.js";
import { Tabs } from "./tabs.js";
import type { ClientError } from "./types.js";
import { network } from "./wire.js";

/** How long a new leader waits for what the other tabs want. */
const GATHER_MS = 150;

export interface SessionHandlers extends LineHandlers {
  /** Whose commands the outbox keeps. */
  user(user: string): void;
  /** From now on the tab reaches the server by this line: it says on it what it wants. */
  line(line: Line): void;
}

/** This tab's stay among the tabs of its user, from `connect` to `disconnect`: asks who that is, then leads or follows. */
export class Session {
  private line: Leader | Follower | null = null;
  private tabs: Tabs | null = null;
  private status: LinkStatus = { ...NO_LINK, state: "connecting" };
  private readonly backoff: Backoff;
  private readonly handlers: LineHandlers;
  private readonly watched = new Set<string>();
  private missing = new Set<string>();
  private gathering: ReturnType<typeof setTimeout> | undefined;
  private term = 0;
  private over = false;
  /** The app wants the link here and now: a leader that is refused is not followed. */
  private wished = true;

  constructor(
    private readonly parts: LeaderParts,
    private readonly outer: SessionHandlers,
  ) {
    const {
      initialReconnectDelay: initial,
      maxReconnectDelay: max,
      maxReconnectAttempts: attempts,
    } = parts.options;
    this.backoff = new Backoff({ initial, max, attempts }, parts.environment.random);
    this.handlers = { ...outer, status: (status) => this.show(status) };
  }

  start(): void {
    this.show({ ...this.status, state: "connecting", lastError: null });
    void this.identify();
  }

  connect(): void {
    if (this.backoff.waiting) this.backoff.wake();
    else if (this.line === null && this.status.state === "error") this.start();
    else if (this.line?.leading === false && this.status.state === "error") this.tabs?.steal();
    else this.line?.connect();
  }

  reconnect(): void {
    if (this.line === null || this.status.state === "error") this.connect();
    else this.line.reconnect();
  }

  rouse(online: boolean): void {
    if (online && this.backoff.waiting) this.backoff.wake();
    this.line?.rouse(online);
  }

  /** Tell the other tabs. */
  post(message: TabMessage): void {
    this.tabs?.post(message);
  }

  stop(): void {
    this.over = true;
    this.backoff.stop();
    clearTimeout(this.gathering);
    this.line?.stop();
    this.line = null;
    this.tabs?.leave();
  }

  // ── who it is ─────────────────────────────────────────────────────────────────────────────

  private async identify(): Promise<void> {
    const { options, credentials } = this.parts;
    if (options.user !== null || credentials.byCookie) {
      this.join(options.user);
      return;
    }
    try {
      const token = await credentials.token();
      if (this.over) return;
      if (token !== null) this.join(userOf(token));
      else this.show({ ...this.status, state: "error", lastError: SIGNED_OUT });
    } catch {
      if (!this.over) this.identifyLater(network("The token callback failed."));
    }
  }

  private identifyLater(lastError: ClientError): void {
    this.backoff.attempt += 1;
    if (this.parts.options.reconnect) this.backoff.wait(() => void this.identify());
    const { attempt, delay, retryAt, exhausted, waiting } = this.backoff;
    const state = exhausted || !waiting ? "disconnected" : "connecting";
    this.show({ ...this.status, state, lastError, attempt, delay, retryAt });
  }

  // ── leading and following ─────────────────────────────────────────────────────────────────

  private join(user: string | null): void {
    this.backoff.attempt = 0;
    if (user !== null) this.outer.user(user);
    const { endpoint, environment, options } = this.parts;
    const { locks, BroadcastChannel } = environment;
    if (!options.shareTabs || locks === undefined || BroadcastChannel === undefined) {
      this.lead();
      return;
    }
    this.tabs = new Tabs(`kith:${endpoint.socket}:${user ?? "session"}`, locks, BroadcastChannel, {
      lead: () => this.lead(),
      overthrown: () => this.follow(),
      message: (message) => this.take(message),
    });
    this.follow();
  }

  private follow(): void {
    this.line?.stop();
    const { tabs } = this;
    if (tabs === null) return;
    const { options, page } = this.parts;
    const post = (message: TabMessage) => tabs.post(message);
    this.line = new Follower(tabs.id, post, page, options.heartbeatTimeout * 2, this.handlers, this.status);
    this.outer.line(this.line);
  }

  private lead(): void {
    const before = this.status;
    this.line?.stop();
    this.wished = false;
    this.term = Math.max(Date.now(), this.term + 1);
    const leader = new Leader(
      this.parts,
      this.tabs?.id ?? "",
      this.term,
      this.handlers,
      this.followers,
      before,
    );
    this.line = leader;
    this.outer.line(leader);
    leader.connect();
    void this.parts.outbox.load().then(() => leader.pump());
    void this.gather(leader);
  }

  /** Ask every other tab what it wants, so that each channel is opened from the oldest cursor. */
  private async gather(leader: Leader): Promise<void> {
    const others = (await this.tabs?.others()) ?? [];
    if (this.line !== leader) return;
    this.missing = new Set(others);
    this.post({ kind: "lead" });
    if (others.length === 0) leader.begin();
    else this.gathering = setTimeout(() => leader.begin(), GATHER_MS);
  }

  private get followers(): Followers | null {
    const { tabs } = this;
    if (tabs === null) return null;
    return {
      frame: (frame, at) => tabs.post({ kind: "frame", frame, at }),
      served: (to, channel, by, point) => tabs.post({ kind: "served", to, channel, by, point }),
      status: (status, at) => tabs.post({ kind: "status", status, at }),
    };
  }

  private take(message: TabMessage): void {
    if (message.kind === "outbox") this.outboxChanged(message);
    else if (this.line instanceof Leader) this.lendTo(this.line, message);
    else this.line?.take(message);
    if (message.kind === "status" && this.line?.leading === false) this.hear(message);
  }

  private outboxChanged({ change }: TabMessage & { kind: "outbox" }): void {
    this.parts.outbox.take(change);
    this.line?.pump();
  }

  /** Of one term's leader, the next is told apart by a higher term. */
  private hear({ status, at }: TabMessage & { kind: "status" }): void {
    this.term = Math.max(this.term, at[0]);
    const { wished } = this;
    this.wished = false;
    if (wished && status.state === "error") this.tabs?.steal();
  }

  /** What another tab asks of the leader. */
  private lendTo(leader: Leader, message: TabMessage): void {
    switch (message.kind) {
      case "holds":
        this.welcome(leader, message.from);
        leader.holdFor(message.from, message.holds, message.again);
        leader.watchedBy(message.from, message.visible);
        this.answered(leader, message.from);
        break;
      case "send":
        this.post({
          kind: "taken",
          to: message.from,
          ref: message.frame.ref ?? null,
          written: leader.send(message.frame),
        });
        break;
      case "wish":
        leader[message.wish]();
        break;
      case "bye":
        leader.drop(message.from);
        break;
    }
  }

  private welcome(leader: Leader, id: string): void {
    this.post({ kind: "status", status: leader.status, at: leader.at });
    if (this.watched.has(id)) return;
    this.watched.add(id);
    this.tabs?.watch(id, () => {
      this.watched.delete(id);
      if (this.line instanceof Leader) this.line.drop(id);
    });
  }

  private answered(leader: Leader, id: string): void {
    if (!this.missing.delete(id) || this.missing.size > 0) return;
    clearTimeout(this.gathering);
    leader.begin();
  }

  private show(status: LinkStatus): void {
    this.status = status;
    if (status.user !== null && this.parts.options.user === null) this.outer.user(status.user);
    this.outer.status(status);
  }
}

const SIGNED_OUT: ClientError = { code: "signed_out", message: "There is no token." };
