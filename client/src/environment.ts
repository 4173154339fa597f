/** What the client takes from its surroundings. Each part may be missing: `docs/client.md` says what degrades then. */

/** The part of a WebSocket that the client uses: a browser's, Node's, or that of the package `ws`. */
export interface SocketLike {
  onopen: ((event: never) => void) | null;
  onmessage: ((event: { readonly data: unknown } & never) => void) | null;
  onclose: ((event: { readonly code: number; readonly reason: string } & never) => void) | null;
  readonly readyState: number;
  send(data: string): void;
  close(code?: number): void;
}

/** What hears of `online`, `visibilitychange` and their like. */
export interface EventSourceLike {
  addEventListener(type: string, listener: () => void): void;
  removeEventListener(type: string, listener: () => void): void;
}

export interface Environment {
  readonly WebSocket: (new (url: string) => SocketLike) | undefined;
  readonly fetch: typeof fetch | undefined;
  readonly indexedDB: IDBFactory | undefined;
  readonly locks: LockManager | undefined;
  readonly BroadcastChannel: typeof BroadcastChannel | undefined;
  readonly window: EventSourceLike | undefined;
  readonly document:
    | (EventSourceLike & { readonly visibilityState: string; readonly cookie?: string })
    | undefined;
  readonly navigator: { readonly onLine?: boolean } | undefined;
  /** In [0, 1). */
  readonly random: () => number;
}

/** The browser's, or whatever this JavaScript has of it; `given` wins. */
export function environment(given: Partial<Environment> = {}): Environment {
  const global = globalThis as Partial<typeof globalThis>;
  return {
    WebSocket: global.WebSocket as Environment["WebSocket"],
    fetch: global.fetch?.bind(globalThis),
    indexedDB: global.indexedDB,
    locks: global.navigator?.locks ?? undefined, // happy-dom says null
    BroadcastChannel: global.BroadcastChannel,
    window: typeof global.addEventListener === "function" ? (globalThis as EventSourceLike) : undefined,
    document: global.document,
    navigator: global.navigator,
    random: Math.random,
    ...given,
  };
}

/** A name that nobody else takes: for commands (`ref`) and tabs. */
export function uniqueName(): string {
  const crypto = globalThis.crypto as Crypto | undefined;
  // Pages without https have no randomUUID.
  if (crypto?.randomUUID !== undefined) return crypto.randomUUID();
  return Array.from({ length: 4 }, () => Math.random().toString(36).slice(2, 10)).join("");
}
