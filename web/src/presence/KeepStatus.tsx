import { useEffect } from "react";
import { useClient } from "../live/ClientContext";
import { useSession } from "../session/SessionContext";
import { ownStatus } from "./useOwnStatus";

/** Says again what I chose to be, whenever the channel is open anew: while I was gone it may have been forgotten. */
export function KeepStatus() {
  const { user } = useSession();
  const client = useClient();
  useEffect(() => {
    const online = client.channel("online");
    return online.onCaughtUp(() => {
      const status = ownStatus.read(user.id);
      if (status !== "online") online.emit("status", { status });
    });
  }, [client, user.id]);
  return null;
}
