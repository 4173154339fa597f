import { useWebSocketChat } from "kith-client/react";
import { useMemo, useState } from "react";
import { isForbidden } from "../api/ApiError";
import type { MessageRow } from "../api/rows";
import { useSource } from "../live/useSource";
import { useSession } from "../session/SessionContext";
import { hrefOf } from "../shell/route";
import { Empty } from "../ui/Empty";
import { Failure } from "../ui/Failure";
import { Loading } from "../ui/Loading";
import { Composer, type Composing } from "./Composer";
import { ConversationHeader } from "./ConversationHeader";
import { chatTitle } from "./chatTitle";
import { conversationSource } from "./conversationState";
import { MessageLog } from "./MessageLog";
import { TypingLine } from "./TypingLine";
import { useTypists } from "./useTypists";
import { WaitingLog } from "./WaitingLog";

/** One chat: what was said, and what one says. */
export function ConversationPane({ chatId }: { readonly chatId: number }) {
  const { api, user } = useSession();
  const source = useMemo(() => conversationSource(api, chatId), [api, chatId]);
  const { state, error, reload, change } = useSource(source);
  const [typists, heardTyping] = useTypists();
  const chat = useWebSocketChat(chatId, undefined, heardTyping);
  const [composing, setComposing] = useState<Composing>({ mode: "new" });

  if (isForbidden(error)) {
    return (
      <section className="conversation none" aria-label="Chat">
        <Empty icon="chats" title="This chat is not yours">
          You are not in it, or not any more.{" "}
          <a href={hrefOf({ page: "chats", chatId: null })}>Back to your chats</a>
        </Empty>
      </section>
    );
  }
  if (state === null) {
    return (
      <section className="conversation none" aria-label="Chat">
        {error === null ? (
          <Loading what="messages" rows={6} />
        ) : (
          <Failure what="This chat could not be loaded" error={error} onRetry={reload} />
        )}
        {error !== null && <WaitingLog outbox={chat} />}
        <a className="button narrow" href={hrefOf({ page: "chats", chatId: null })}>
          All chats
        </a>
      </section>
    );
  }

  const editLast = () => {
    const mine = state.messages.findLast((message) => message.sender_id === user.id && !message.deleted);
    if (mine !== undefined) setComposing({ mode: "edit", message: mine });
  };
  const reply = (message: MessageRow) => setComposing({ mode: "reply", message });

  return (
    <section className="conversation" aria-label={`Chat with ${chatTitle(state.chat)}`}>
      <ConversationHeader chat={state.chat} onChanged={reload} />
      <MessageLog
        conversation={state}
        outbox={chat}
        change={change}
        onReply={reply}
        onEdit={(message) => setComposing({ mode: "edit", message })}
      />
      <TypingLine people={typists} />
      <Composer
        chatId={chatId}
        composing={composing}
        onComposing={setComposing}
        chat={chat}
        onEditLast={editLast}
      />
    </section>
  );
}
