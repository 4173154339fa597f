import {
  createContext,
  type ReactElement,
  type ReactNode,
  useContext,
  useEffect,
  useMemo,
  useRef,
  useState,
} from "react";
import type { ClientOptions, KithClientApi } from "../types.js";
import { useLatest } from "./latest.js";
import type { Slot } from "./pool.js";
import { ClientScope, PAGE_SCOPE, type SharedClient } from "./scope.js";

/** What a hook's client is made of, or the client itself. */
interface Source {
  readonly scope: ClientScope;
  /** Read when the client is made: of these, only what follows makes another one when it changes. */
  readonly options: { readonly current: ClientOptions };
  readonly url: string | null | undefined;
  readonly user: string | number | undefined;
  readonly enabled: boolean;
  readonly hasToken: boolean;
  readonly given: KithClientApi | null;
}

const Provided = createContext<Source | null>(null);

export interface WebSocketProviderProps extends ClientOptions {
  /** A client that the app made and will dispose of itself; the options do not apply to it. */
  client?: KithClientApi | undefined;
  children?: ReactNode;
}

/**
 * One client for all hooks below. `url`, `user`, `enabled` and whether there is a `token` may change, which makes
 * another client; the rest of the options is read when it is made.
 */
export function WebSocketProvider({ client, children, ...options }: WebSocketProviderProps): ReactElement {
  const [scope] = useState(() => new ClientScope());
  const source = useSource(scope, options, client ?? null);
  useClientOf(source);
  return <Provided.Provider value={source}>{children}</Provided.Provider>;
}

/** A client as a hook sees it. */
export interface HookClient {
  /** Undefined: not known before the first effects have run. Null: disabled. */
  readonly client: KithClientApi | null | undefined;
  /** The same, and known to effects of the very render that brings it. */
  readonly current: { readonly current: KithClientApi | null };
}

/**
 * The provider's client. Where no provider is above, or the options name a `url` of their own: one that is shared
 * with all hooks of the page that have the same url and user, and disposed with the last of them.
 */
export function useClient(options: ClientOptions = {}): HookClient {
  const provided = useContext(Provided);
  const own = useSource(PAGE_SCOPE, options, null);
  const source = provided && options.url === undefined ? provided : own;
  return useClientOf(source, options.enabled);
}

function useSource(scope: ClientScope, options: ClientOptions, given: KithClientApi | null): Source {
  const latest = useLatest(options);
  const { url, user, enabled = true } = options;
  const hasToken = options.token !== undefined;
  return useMemo(
    () => ({ scope, options: latest, url, user, enabled, hasToken, given }),
    [scope, latest, url, user, enabled, hasToken, given],
  );
}

function useClientOf(source: Source, wanted = true): HookClient {
  const enabled = source.enabled && wanted;
  const [slot, setSlot] = useState<Slot<SharedClient> | null>();
  const current = useRef<KithClientApi | null>(null);
  useEffect(() => {
    if (!enabled) return;
    if (source.given) {
      current.current = source.given;
      return () => {
        current.current = null;
      };
    }
    const next = source.scope.client(source.options.current);
    setSlot(next);
    if (!next) return;
    const release = next.retain();
    const forget = next.value.askTokenOf(() => source.options.current.token?.() ?? null);
    current.current = next.value.client;
    return () => {
      forget();
      release();
      current.current = null;
      setSlot(undefined);
    };
  }, [source, enabled]);
  // The other effects have their client from the render, and clean up after the next one: a client that is
  // exchanged is held until then.
  useEffect(() => slot?.retain(), [slot]);
  if (!enabled || (slot === null && !source.given)) return { client: null, current };
  return { client: source.given ?? slot?.value.client, current };
}
