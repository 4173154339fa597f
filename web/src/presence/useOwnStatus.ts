import { useCallback, useSyncExternalStore } from "react";
import { useClient } from "../live/ClientContext";
import { useSession } from "../session/SessionContext";
import { useAttempt } from "../ui/toast";
import { type OwnStatus, STATUSES } from "./presence";

/** What I chose to be, kept beside the sign-in: the server forgets it when I am gone from all my devices. */
export const ownStatus = {
  key: "kith.status",
  read(userId: number | string): OwnStatus {
    const [owner, chosen] = (sessionStorage.getItem(this.key) ?? "").split(" ");
    return (owner === String(userId) && STATUSES.find((status) => status === chosen)) || "online";
  },
  write(userId: number | string, status: OwnStatus): void {
    sessionStorage.setItem(this.key, `${userId} ${status}`);
    dispatchEvent(new Event(this.key));
  },
};

export function useOwnStatus(): [OwnStatus, (status: OwnStatus) => void] {
  const { user } = useSession();
  const client = useClient();
  const attempt = useAttempt();
  const status = useSyncExternalStore(subscribe, () => ownStatus.read(user.id));
  const choose = useCallback(
    async (wanted: OwnStatus) => {
      const before = ownStatus.read(user.id);
      ownStatus.write(user.id, wanted);
      const told = await attempt(
        "Your status could not be changed",
        client.channel("online").request("status", { status: wanted }),
      );
      if (!told) ownStatus.write(user.id, before);
    },
    [attempt, client, user.id],
  );
  return [status, (wanted) => void choose(wanted)];
}

function subscribe(changed: () => void): () => void {
  addEventListener(ownStatus.key, changed);
  return () => removeEventListener(ownStatus.key, changed);
}
