import type { ChatResult } from "kith-client/react";
import { useEffect, useState } from "react";
import { type Uploader, useUpload } from "../files/useUpload";
import { useClient } from "../live/ClientContext";
import { useAttempt } from "../ui/toast";
import type { Composing } from "./Composer";
import { useDraft } from "./useDraft";

export interface Composition {
  readonly text: string;
  readonly setText: (text: string) => void;
  readonly uploader: Uploader;
  /** There is something to send, and it can be sent. */
  readonly ready: boolean;
  /** Send it, or what it becomes by an edit. False: it was not ready. */
  readonly submit: () => boolean;
}

/** What is being written in a chat, and what sending it means. An edit leaves the draft of something new alone. */
export function useComposition(chatId: number, composing: Composing, chat: ChatResult): Composition {
  const client = useClient();
  const attempt = useAttempt();
  const uploader = useUpload();
  const [draft, setDraft] = useDraft(chatId);
  const [edited, setEdited] = useState("");
  const editing = composing.mode === "edit";
  const { upload } = uploader;

  useEffect(() => {
    if (composing.mode === "edit") setEdited(composing.message.content);
  }, [composing]);

  // A file alone is called what it is called: every message has words.
  const content = editing ? edited.trim() : draft.trim() || (upload?.file.name ?? "");
  const ready = content !== "" && (editing || upload === null || upload.state === "done");

  const submit = () => {
    if (!ready) return false;
    if (composing.mode === "edit") {
      const { message_id, content: before } = composing.message;
      const channel = client.channel(`messages/${chatId}`);
      if (content !== before) {
        void attempt("The message was not changed", channel.request("edit", { message_id, content }));
      }
      return true;
    }
    chat.sendMessage(content, {
      ...(upload?.state === "done" ? { attachment: upload.path } : {}),
      ...(composing.mode === "reply" ? { reply_to: composing.message.message_id } : {}),
    });
    setDraft("");
    uploader.clear();
    return true;
  };

  return { text: editing ? edited : draft, setText: editing ? setEdited : setDraft, uploader, ready, submit };
}
