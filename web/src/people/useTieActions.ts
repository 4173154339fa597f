import { useMemo } from "react";
import type { ChatRow, UserId } from "../api/rows";
import { useSession } from "../session/SessionContext";
import { goTo } from "../shell/route";
import { useAttempt } from "../ui/toast";

export interface TieActions {
  request(userId: UserId): void;
  accept(requestId: number): void;
  decline(requestId: number): void;
  withdraw(requestId: number): void;
  remove(userId: UserId): void;
  block(userId: UserId): void;
  unblock(userId: UserId): void;
  /** Open the chat with this person, which is started where there is none. */
  write(userId: UserId): void;
}

/** What one can do about a tie. The change itself comes by the channel, on all my devices. */
export function useTieActions(): TieActions {
  const { api } = useSession();
  const attempt = useAttempt();
  return useMemo(() => {
    const tell = (what: string, doing: Promise<unknown>) => void attempt(what, doing);
    const answer = (requestId: number, how: string) =>
      api.post(`/api/connections/requests/${requestId}/${how}/`);
    return {
      request: (userId) =>
        tell("The request was not sent", api.post("/api/connections/requests/", { to_user_id: userId })),
      accept: (requestId) => tell("The request was not accepted", answer(requestId, "accept")),
      decline: (requestId) => tell("The request was not declined", answer(requestId, "decline")),
      withdraw: (requestId) => tell("The request was not withdrawn", answer(requestId, "withdraw")),
      remove: (userId) => tell("The connection was not removed", api.delete(`/api/connections/${userId}/`)),
      block: (userId) => tell("Nobody was blocked", api.post("/api/blocks/", { user_id: userId })),
      unblock: (userId) => tell("Nobody was unblocked", api.delete(`/api/blocks/${userId}/`)),
      write: (userId) => {
        const starting = api.post<ChatRow>("/api/chats/", { member_ids: [userId], kind: "direct" });
        tell(
          "The chat was not started",
          starting.then(({ chat_id }) => goTo({ page: "chats", chatId: chat_id })),
        );
      },
    };
  }, [api, attempt]);
}
