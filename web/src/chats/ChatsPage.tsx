import { useChats } from "../live/SharedStates";
import { Empty } from "../ui/Empty";
import { ChatList } from "./ChatList";
import { ConversationPane } from "./ConversationPane";

/** The list of chats, and the one that is open; on a phone, one or the other. */
export function ChatsPage({ chatId }: { readonly chatId: number | null }) {
  const { state } = useChats();
  return (
    <div className={chatId === null ? "chats-page" : "chats-page open"}>
      <ChatList openId={chatId} />
      {chatId === null ? (
        <section className="conversation none" aria-label="No chat is open">
          <Empty icon="chats" title={state?.rows.length === 0 ? "Quiet here" : "Pick a chat"}>
            {state?.rows.length === 0
              ? "Start one with somebody, and what you say is there at once."
              : "Or start a new one: what is said there is here at once."}
          </Empty>
        </section>
      ) : (
        <ConversationPane key={chatId} chatId={chatId} />
      )}
    </div>
  );
}
