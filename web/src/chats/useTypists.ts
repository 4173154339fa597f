import type { EventOf } from "kith-client";
import { useCallback, useState } from "react";
import type { UserId } from "../api/rows";
import { useSession } from "../session/SessionContext";

export interface Typist {
  readonly user_id: UserId;
  readonly user_name: string;
}

/** Who is typing, and what is to be called with each `typing`. */
export function useTypists(): [readonly Typist[], (event: EventOf<"typing">) => void] {
  const { user } = useSession();
  const [typists, setTypists] = useState<readonly Typist[]>([]);
  const heard = useCallback(
    ({ user_id, user_name, is_typing }: EventOf<"typing">) => {
      if (user_id === user.id) return; // on another device
      setTypists((now) => {
        const others = now.filter((one) => one.user_id !== user_id);
        if (is_typing) return [...others, { user_id, user_name }];
        return others.length === now.length ? now : others;
      });
    },
    [user.id],
  );
  return [typists, heard];
}
