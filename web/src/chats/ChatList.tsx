import { useState } from "react";
import { useChats } from "../live/SharedStates";
import { useSession } from "../session/SessionContext";
import { Empty } from "../ui/Empty";
import { Failure } from "../ui/Failure";
import { Icon } from "../ui/Icon";
import { Loading } from "../ui/Loading";
import { useAttempt } from "../ui/toast";
import { ChatListItem } from "./ChatListItem";
import { olderChats } from "./chatsState";
import { NewChat } from "./NewChat";

export function ChatList({ openId }: { readonly openId: number | null }) {
  const { api } = useSession();
  const { state, error, reload, change } = useChats();
  const attempt = useAttempt();
  const [starting, setStarting] = useState(false);

  return (
    <section className="chat-list" aria-labelledby="chats-title">
      <header className="pane-head">
        <h1 id="chats-title">Chats</h1>
        <button type="button" className="button small" onClick={() => setStarting(true)}>
          <Icon name="plus" size={16} />
          New chat
        </button>
      </header>
      <div className="pane-scroll">
        {state === null && error === null && <Loading what="chats" rows={5} />}
        {state === null && error !== null && (
          <Failure what="Your chats could not be loaded" error={error} onRetry={reload} />
        )}
        {state?.rows.length === 0 && (
          <Empty icon="chats" title="No chats yet">
            <button type="button" className="button primary" onClick={() => setStarting(true)}>
              Start a chat
            </button>
          </Empty>
        )}
        {state !== null && state.rows.length > 0 && (
          <ul aria-label="Chats">
            {state.rows.map((chat) => (
              <ChatListItem key={chat.chat_id} chat={chat} open={chat.chat_id === openId} />
            ))}
          </ul>
        )}
        {state?.next != null && (
          <button
            type="button"
            className="button quiet wide"
            onClick={() =>
              state.next !== null &&
              void attempt("Older chats could not be loaded", olderChats(api, state.next).then(change))
            }
          >
            Show older chats
          </button>
        )}
      </div>
      {starting && <NewChat onClose={() => setStarting(false)} />}
    </section>
  );
}
