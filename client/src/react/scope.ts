import { KithClient } from "../client.js";
import { resolveOptions } from "../options.js";
import type { ClientOptions, KithClientApi, TokenSource, Unsubscribe } from "../types.js";
import { Pool, type Slot } from "./pool.js";

/**
 * A client that several hooks use. Its options are those of the hook that came first; tokens are asked of the hook
 * that came last and is still there, because what a gone one would answer may be out of date.
 */
export class SharedClient {
  readonly client: KithClientApi;
  private readonly tokens = new Set<TokenSource>();

  constructor(options: ClientOptions) {
    const token = options.token && (() => [...this.tokens].at(-1)?.() ?? null);
    this.client = new KithClient({ ...options, token });
    this.client.connect();
  }

  askTokenOf(source: TokenSource): Unsubscribe {
    const own: TokenSource = () => source();
    this.tokens.add(own);
    return () => void this.tokens.delete(own);
  }

  end(): void {
    this.client.dispose();
  }
}

/** The clients of one part of an app, one for each url and user. */
export class ClientScope {
  private readonly pool = new Pool<SharedClient>();

  /** Null: there is no URL, and nothing to be done. */
  client(options: ClientOptions): Slot<SharedClient> | null {
    const { endpoint } = resolveOptions(options);
    if (endpoint === null) return null;
    const key = JSON.stringify([endpoint.socket, options.user ?? null, options.token !== undefined]);
    return this.pool.slot(key, () => new SharedClient(options));
  }
}

/** Of the hooks above which there is no provider. */
export const PAGE_SCOPE = new ClientScope();
