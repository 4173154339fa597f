import { CatchUp } from "./catchup.js";
import { Channels } from "./channels.js";
import { Commands } from "./commands.js";
import { Credentials } from "./credentials.js";
import { Emitter } from "./emitter.js";
import type { Environment } from "./environment.js";
import { environment } from "./environment.js";
import type { EventOf, EventType, ServerEvent } from "./generated.js";
import { Handle } from "./handle.js";
import type { LinkStatus } from "./link.js";
import { NO_LINK } from "./link.js";
import type { Endpoint, Options } from "./options.js";
import { resolveOptions } from "./options.js";
import { Outbox } from "./outbox.js";
import { Page } from "./page.js";
import { Requests } from "./requests.js";
import { Session } from "./session.js";
import { IndexedDBStorage, MemoryStorage } from "./storage.js";
import type {
  Ack,
  ChannelHandle,
  ClientError,
  ClientOptions,
  KithClientApi,
  Pending,
  Status,
  Unsubscribe,
} from "./types.js";

const LINK_LOST: ClientError = { code: "network", message: "The link broke before the answer came." };

/** See `KithClientApi`. Before `connect()` nothing is opened, and nobody is asked for a token. */
export class KithClient implements KithClientApi {
  status: Status;
  private readonly options: Options;
  private readonly environment: Environment;
  private readonly page: Page;
  private readonly credentials: Credentials;
  private readonly outbox = new Outbox();
  private readonly requests = new Requests();
  private readonly channels: Channels;
  private readonly commands: Commands;
  private readonly handles = new Map<string, Handle>();
  private readonly statusListeners = new Emitter<[status: Status]>();
  private catchUp: CatchUp | null = null;
  private session: Session | null = null;
  private unwatch: Unsubscribe | null = null;
  private link: LinkStatus = NO_LINK;
  private user: string | null = null;
  private disposed = false;

  /** `surroundings`: what to use instead of the browser's own, in Node and in tests. */
  constructor(options: ClientOptions = {}, surroundings: Partial<Environment> = {}) {
    this.options = resolveOptions(options);
    this.environment = environment(surroundings);
    this.page = new Page(this.environment);
    this.credentials = new Credentials(options.token);
    this.channels = new Channels({
      changed: () => this.commands.line?.hold(),
      read: (wanted) => this.catchUp?.read(wanted),
      progress: () => this.show(),
    });
    this.commands = new Commands(this.channels, this.requests, this.outbox);
    this.status = this.snapshot();
    this.outbox.onPending.add(() => this.show());
    this.outbox.onChange.add((change) => {
      this.session?.post({ kind: "outbox", change });
      this.commands.line?.pump();
    });
  }

  onStatus(fn: (status: Status) => void): Unsubscribe {
    return this.statusListeners.add(fn);
  }

  connect(): void {
    const { endpoint } = this.options;
    if (this.disposed || endpoint === null) return;
    this.watch();
    if (this.session === null) this.begin(endpoint);
    else this.session.connect();
  }

  disconnect(): void {
    this.unwatch?.();
    this.unwatch = null;
    this.end();
  }

  reconnect(): void {
    if (this.session === null) this.connect();
    else this.session.reconnect();
  }

  dispose(): void {
    this.disposed = true;
    this.disconnect();
    this.outbox.close();
    this.channels.clear();
    this.handles.clear();
    this.statusListeners.clear();
  }

  channel(name: string): ChannelHandle {
    const found = this.handles.get(name) ?? new Handle(name, this.channels, this.commands);
    this.handles.set(name, found);
    return found;
  }

  on<T extends EventType>(type: T, fn: (event: EventOf<T>) => void): Unsubscribe {
    return this.channels.events.add(type, (event) => fn(event as EventOf<T>));
  }

  onAny(fn: (event: ServerEvent) => void): Unsubscribe {
    return this.channels.any.add(fn);
  }

  get pending(): readonly Pending[] {
    return this.outbox.pending;
  }

  onPending(fn: (pending: readonly Pending[]) => void): Unsubscribe {
    return this.outbox.onPending.add(fn);
  }

  onAcked(fn: (pending: Pending, ack: Ack) => void): Unsubscribe {
    return this.outbox.onAcked.add(fn);
  }

  retry(ref: string): void {
    this.outbox.retry(ref);
  }

  discard(ref: string): void {
    this.outbox.discard(ref);
  }

  // ── the link, shared or not ───────────────────────────────────────────────────────────────

  private begin(endpoint: Endpoint): void {
    const { options, environment: surroundings, credentials, outbox, page } = this;
    this.catchUp = new CatchUp(endpoint, surroundings, credentials, {
      told: (asked, frames) => this.channels.takeRead(asked, frames),
      failed: (asked) => this.channels.failRead(asked),
    });
    const parts = { endpoint, options, environment: surroundings, credentials, outbox, page };
    this.session = new Session(parts, {
      user: (user) => this.openOutbox(endpoint, user),
      line: (line) => {
        this.commands.line = line;
        line.hold();
      },
      holds: () => this.channels.holds,
      frame: (frame, at) => {
        this.channels.take(frame, at);
        this.requests.take(frame);
      },
      served: (channel, by, point) => this.channels.serve(channel, by, point),
      unsent: (ref) => this.requests.fail(ref, LINK_LOST),
      status: (status) => this.linkIs(status),
    });
    this.session.start();
  }

  private end(): void {
    this.session?.stop();
    this.session = null;
    this.commands.line = null;
    this.linkIs(NO_LINK);
    this.requests.failAll(LINK_LOST);
    this.catchUp?.stop();
    this.catchUp = null;
  }

  private linkIs(link: LinkStatus): void {
    const broke = this.link.state === "connected" && link.state !== "connected";
    this.link = link;
    if (broke) {
      this.channels.wentDown();
      this.catchUp?.stop();
      this.requests.failAll(LINK_LOST);
    }
    this.show();
  }

  private openOutbox(endpoint: Endpoint, user: string): void {
    if (user === this.user) return;
    this.user = user;
    const { indexedDB } = this.environment;
    const durable = this.options.outbox === "indexeddb" && indexedDB !== undefined;
    const name = `kith:${endpoint.socket}:${user}`;
    const storage = durable ? new IndexedDBStorage(indexedDB, name) : new MemoryStorage();
    void this.outbox.open(storage).then(() => this.commands.line?.pump());
  }

  /** What the browser says of its network and of this tab, from the first `connect` until `disconnect`. */
  private watch(): void {
    if (this.unwatch !== null) return;
    const { page } = this;
    page.onOnline.add((online) => {
      this.session?.rouse(online);
      this.show();
    });
    page.onVisible.add((visible) => this.commands.line?.watched(visible));
    page.onLeave.add(() => this.end());
    page.onReturn.add(() => this.session === null && this.connect());
    this.unwatch = page.watch();
  }

  private show(): void {
    if (this.disposed) return;
    const before = this.status;
    const now = this.snapshot();
    if ((Object.keys(now) as (keyof Status)[]).every((key) => now[key] === before[key])) return;
    this.status = now;
    this.statusListeners.tell(now);
  }

  private snapshot(): Status {
    const { user: _user, ...link } = this.link;
    return {
      ...link,
      catchingUp: link.state === "connected" && this.channels.catchingUp,
      online: this.page.online,
      leading: this.commands.line?.leading ?? false,
      pending: this.outbox.pending.length,
    };
  }
}
