import { useCallback } from "react";
import type { MessageRow } from "../api/rows";
import { useClient } from "../live/ClientContext";
import { useSession } from "../session/SessionContext";
import { useAttempt } from "../ui/toast";

/** Puts an emoji on a message, or takes it back where it is there. */
export function useReact(chatId: number, message: MessageRow): (emoji: string) => void {
  const { user } = useSession();
  const client = useClient();
  const attempt = useAttempt();
  return useCallback(
    (emoji) => {
      const added = !(message.reactions[emoji] ?? []).includes(user.id);
      const { message_id } = message;
      const channel = client.channel(`messages/${chatId}`);
      void attempt("Your reaction was not sent", channel.request("react", { message_id, emoji, added }));
    },
    [attempt, chatId, client, message, user.id],
  );
}
