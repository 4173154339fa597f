import { KithClient, type KithClientApi, type Status } from "kith-client";
import { WebSocketProvider } from "kith-client/react";
import { type ReactNode, useEffect, useState } from "react";
import { useSession } from "../session/SessionContext";
import type { Tokens } from "../session/Tokens";
import { ClientContext } from "./ClientContext";

/** One link for all that is inside, as whoever is signed in. */
export function Link({ children }: { readonly children: ReactNode }) {
  const { tokens, user } = useSession();
  const [client, setClient] = useState<KithClientApi | null>(null);

  useEffect(() => {
    const made = new KithClient({ token: () => tokens.fresh(), user: user.id });
    const forget = made.onStatus(renewWhenRefused(made, tokens));
    made.connect();
    setClient(made);
    return () => {
      forget();
      made.dispose();
    };
  }, [tokens, user.id]);

  if (client === null) return null; // until the first effect
  return (
    <ClientContext value={client}>
      <WebSocketProvider client={client}>{children}</WebSocketProvider>
    </ClientContext>
  );
}

/**
 * A token that still looks good may have been revoked: another one is asked for, once until the link is up again.
 * Where none is given, the sign-in has ended, and the page with it.
 */
function renewWhenRefused(client: KithClientApi, tokens: Tokens): (status: Status) => void {
  let asked = false;
  return ({ state, lastError }) => {
    if (state === "connected") asked = false;
    if (state !== "error" || asked || !lastError?.code.startsWith("token_")) return;
    asked = true;
    tokens.renewed().then(
      (token) => token !== null && client.connect(),
      () => undefined, // the server is away: "Try now" is on the page
    );
  };
}
