import { useEffect } from "react";
import { useChats, useInbox } from "../live/SharedStates";
import type { Route } from "./route";

const NAMES = { chats: "Chats", feed: "Feed", people: "People" };

/** The window's title, with how much is new. */
export function PageTitle({ route }: { readonly route: Route }) {
  const chats = useChats();
  const inbox = useInbox();
  const messages = (chats.state?.rows ?? []).reduce((sum, chat) => sum + chat.unread_count, 0);
  const unread = messages + (inbox.state?.unread ?? 0);
  const title = `${unread > 0 ? `(${unread}) ` : ""}${NAMES[route.page]} · Kith`;
  useEffect(() => {
    document.title = title;
    return () => {
      document.title = "Kith";
    };
  }, [title]);
  return null;
}
