import { useCallback, useState } from "react";
import { useSession } from "../session/SessionContext";

/** What one has begun to write in a chat: still there after a look elsewhere, or a reload. */
export function useDraft(chatId: number): [string, (text: string) => void] {
  const { user } = useSession();
  const key = `kith.draft.${user.id}.${chatId}`;
  const [draft, setDraft] = useState(() => sessionStorage.getItem(key) ?? "");
  const keep = useCallback(
    (text: string) => {
      setDraft(text);
      if (text === "") sessionStorage.removeItem(key);
      else sessionStorage.setItem(key, text);
    },
    [key],
  );
  return [draft, keep];
}
