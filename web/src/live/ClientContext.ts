import type { KithClientApi, Status } from "kith-client";
import { createContext, useCallback, useContext, useSyncExternalStore } from "react";

export const ClientContext = createContext<KithClientApi | null>(null);

/** The one client of the page. */
export function useClient(): KithClientApi {
  const client = useContext(ClientContext);
  if (client === null) throw new Error("useClient is for what is inside <Link>.");
  return client;
}

/** How the link is, as it changes. */
export function useStatus(): Status {
  const client = useClient();
  const subscribe = useCallback((changed: () => void) => client.onStatus(changed), [client]);
  return useSyncExternalStore(subscribe, () => client.status);
}
