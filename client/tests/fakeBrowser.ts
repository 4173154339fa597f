import { IDBFactory } from "fake-indexeddb";
import type { Environment, EventSourceLike } from "../src/environment.js";
import { FakeLocks } from "./fakeLocks.js";
import type { FakeServer, FakeSocket } from "./fakeServer.js";

/** What the tabs of one browser share: its locks, its messages, its databases. */
export class FakeBrowser {
  readonly locks = new FakeLocks();
  readonly channels = new Set<FakeChannel>();
  readonly indexedDB: IDBFactory = new IDBFactory();
  online = true;

  constructor(readonly server: FakeServer) {}

  tab(): FakeTab {
    return new FakeTab(this);
  }
}

/** One tab: what a page in it finds around itself. It can be hidden, and killed without a farewell. */
export class FakeTab {
  readonly window = new Target();
  readonly document = Object.assign(new Target(), { visibilityState: "visible", cookie: "" });
  readonly sockets: FakeSocket[] = [];
  private databases = 0;
  private readonly channels: FakeChannel[] = [];
  private dead = false;

  constructor(private readonly browser: FakeBrowser) {}

  get environment(): Environment {
    const { browser } = this;
    const { WebSocket, fetch } = browser.server.environment((socket) => this.made(socket));
    return {
      WebSocket,
      fetch: (url, init) =>
        this.dead ? new Promise(() => undefined) : (fetch?.(url, init) ?? Promise.reject()),
      indexedDB: this.countedDatabases(),
      locks: browser.locks.of(this),
      BroadcastChannel: this.channelClass(),
      window: this.window,
      document: this.document,
      navigator: {
        get onLine() {
          return browser.online;
        },
      },
      random: () => 0.5,
    };
  }

  /** What the client has here: listeners, open channels, sockets and databases, locks held or waited for. */
  get left(): { listeners: number; channels: number; sockets: number; databases: number; locks: number } {
    return {
      databases: this.databases,
      listeners: this.window.count + this.document.count,
      channels: this.channelsOpen.length,
      sockets: this.sockets.filter((socket) => socket.readyState < 2).length,
      locks: this.browser.locks.countOf(this),
    };
  }

  /** Its BroadcastChannels, for tests that let it miss messages. */
  get channelsOpen(): readonly FakeChannel[] {
    return this.channels.filter((channel) => !channel.closed);
  }

  show(visible: boolean): void {
    this.document.visibilityState = visible ? "visible" : "hidden";
    this.document.tell("visibilitychange");
  }

  goOnline(online: boolean): void {
    this.browser.online = online;
    this.window.tell(online ? "online" : "offline");
  }

  /** The process is gone: nothing of it is heard any more, and the browser takes back what it held. */
  kill(): void {
    this.dead = true;
    for (const socket of this.sockets) socket.vanish();
    for (const channel of this.channels) channel.close();
    this.browser.locks.kill(this);
  }

  private made(socket: FakeSocket): void {
    if (this.dead) socket.vanish();
    this.sockets.push(socket);
  }

  private countedDatabases(): IDBFactory {
    const open = (name: string, version?: number): IDBOpenDBRequest => {
      const request = this.browser.indexedDB.open(name, version);
      request.addEventListener("success", () => {
        const database = request.result;
        const close = database.close.bind(database);
        this.databases += 1;
        database.close = () => {
          close();
          this.databases -= 1;
        };
      });
      return request;
    };
    return { open } as IDBFactory;
  }

  private channelClass(): typeof BroadcastChannel {
    const { browser, channels } = this;
    return class extends FakeChannel {
      constructor(name: string) {
        super(name, browser.channels);
        channels.push(this);
      }
    } as unknown as typeof BroadcastChannel;
  }
}

class Target implements EventSourceLike {
  private readonly listeners = new Map<string, Set<() => void>>();

  get count(): number {
    return [...this.listeners.values()].reduce((sum, each) => sum + each.size, 0);
  }

  addEventListener(type: string, listener: () => void): void {
    this.listeners.set(type, (this.listeners.get(type) ?? new Set()).add(listener));
  }

  removeEventListener(type: string, listener: () => void): void {
    this.listeners.get(type)?.delete(listener);
  }

  tell(type: string): void {
    for (const listener of this.listeners.get(type) ?? []) listener();
  }
}

/** A BroadcastChannel whose messages come on the next microtask, copied as a browser copies them. */
export class FakeChannel {
  onmessage: ((event: { data: unknown }) => void) | null = null;
  closed = false;

  constructor(
    readonly name: string,
    private readonly all: Set<FakeChannel>,
  ) {
    all.add(this);
  }

  postMessage(message: unknown): void {
    for (const other of this.all) {
      if (other === this || other.name !== this.name || this.closed) continue;
      const data: unknown = structuredClone(message);
      queueMicrotask(() => other.closed || other.onmessage?.({ data }));
    }
  }

  close(): void {
    this.closed = true;
    this.all.delete(this);
  }
}
