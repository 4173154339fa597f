import { useWebSocketOnline } from "kith-client/react";
import { type Context, createContext, type ReactNode, useContext, useMemo } from "react";
import { type Chats, chatsSource } from "../chats/chatsState";
import { type Inbox, inboxSource } from "../notifications/inboxState";
import { type Ties, tiesSource } from "../people/tiesState";
import type { Presence } from "../presence/presence";
import { useSession } from "../session/SessionContext";
import { type Live, useSource } from "./useSource";

const ChatsContext = createContext<Live<Chats> | null>(null);
const InboxContext = createContext<Live<Inbox> | null>(null);
const TiesContext = createContext<Live<Ties> | null>(null);
const PresenceContext = createContext<Presence>(new Map());

/** What the whole page knows of, wherever one is in it: read once, for all who look at it. */
export function SharedStates({ children }: { readonly children: ReactNode }) {
  const { api, user } = useSession();
  const sources = useMemo(
    () => ({ chats: chatsSource(api, user.id), inbox: inboxSource(api), ties: tiesSource(api) }),
    [api, user.id],
  );
  const chats = useSource(sources.chats);
  const inbox = useSource(sources.inbox);
  const ties = useSource(sources.ties);
  const { users } = useWebSocketOnline();
  const presence = useMemo(() => new Map(users.map((one) => [one.user_id, one])), [users]);
  return (
    <ChatsContext value={chats}>
      <InboxContext value={inbox}>
        <TiesContext value={ties}>
          <PresenceContext value={presence}>{children}</PresenceContext>
        </TiesContext>
      </InboxContext>
    </ChatsContext>
  );
}

export const useChats = (): Live<Chats> => useGiven(ChatsContext);
export const useInbox = (): Live<Inbox> => useGiven(InboxContext);
export const useTies = (): Live<Ties> => useGiven(TiesContext);
export const usePresence = (): Presence => useContext(PresenceContext);

function useGiven<S>(context: Context<Live<S> | null>): Live<S> {
  const live = useContext(context);
  if (live === null) throw new Error("This is for what is inside <SharedStates>.");
  return live;
}
