import { KithClient, type KithClientApi } from "kith-client";
import { WebSocketProvider } from "kith-client/react";
import { type ReactNode, useEffect, useState } from "react";
import { useSession } from "../session/SessionContext";
import { ClientContext } from "./ClientContext";

/** One link for all that is inside, as whoever is signed in. */
export function Link({ children }: { readonly children: ReactNode }) {
  const { tokens, user } = useSession();
  const [client, setClient] = useState<KithClientApi | null>(null);

  useEffect(() => {
    const made = new KithClient({ token: () => tokens.fresh(), user: user.id });
    made.connect();
    setClient(made);
    return () => made.dispose();
  }, [tokens, user.id]);

  if (client === null) return null; // until the first effect
  return (
    <ClientContext value={client}>
      <WebSocketProvider client={client}>{children}</WebSocketProvider>
    </ClientContext>
  );
}
