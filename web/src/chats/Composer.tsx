import type { ChatResult } from "kith-client/react";
import { type ClipboardEvent, type KeyboardEvent, useEffect, useRef, useState } from "react";
import type { MessageRow } from "../api/rows";
import { AttachButton } from "../files/AttachButton";
import { UploadPreview } from "../files/UploadPreview";
import { useUpload } from "../files/useUpload";
import { useClient } from "../live/ClientContext";
import { Icon } from "../ui/Icon";
import { useAttempt } from "../ui/toast";
import { ComposingBar } from "./ComposingBar";
import { useDraft } from "./useDraft";

export type Composing =
  | { readonly mode: "new" }
  | { readonly mode: "reply"; readonly message: MessageRow }
  | { readonly mode: "edit"; readonly message: MessageRow };

interface Props {
  readonly chatId: number;
  readonly composing: Composing;
  readonly onComposing: (composing: Composing) => void;
  readonly chat: ChatResult;
  /** Arrow up in an empty box. */
  readonly onEditLast: () => void;
}

/** Where one writes: something new, an answer, or something else in place of what one said. */
export function Composer({ chatId, composing, onComposing, chat, onEditLast }: Props) {
  const client = useClient();
  const attempt = useAttempt();
  const uploader = useUpload();
  const box = useRef<HTMLTextAreaElement>(null);
  const [draft, setDraft] = useDraft(chatId);
  const [edited, setEdited] = useState("");
  const editing = composing.mode === "edit";
  const text = editing ? edited : draft;
  const { upload } = uploader;
  const content = text.trim() || (upload?.file.name ?? ""); // a file alone is called what it is called
  const ready = content !== "" && (upload === null || upload.state === "done" || editing);

  useEffect(() => {
    if (composing.mode === "edit") setEdited(composing.message.content);
    if (composing.mode !== "new") box.current?.focus();
  }, [composing]);

  const done = () => {
    onComposing({ mode: "new" });
    chat.setTyping(false);
    box.current?.focus();
  };

  const submit = () => {
    if (!ready) return;
    const channel = client.channel(`messages/${chatId}`);
    if (composing.mode === "edit") {
      const { message_id, content: before } = composing.message;
      if (edited.trim() === "") return;
      if (edited.trim() !== before) {
        void attempt(
          "The message was not changed",
          channel.request("edit", { message_id, content: edited.trim() }),
        );
      }
      done();
      return;
    }
    chat.sendMessage(content, {
      ...(upload?.state === "done" ? { attachment: upload.path } : {}),
      ...(composing.mode === "reply" ? { reply_to: composing.message.message_id } : {}),
    });
    setDraft("");
    uploader.clear();
    done();
  };

  const onKeyDown = (event: KeyboardEvent<HTMLTextAreaElement>) => {
    if (event.nativeEvent.isComposing) return; // Enter chooses a word there
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      submit();
    } else if (event.key === "Escape" && composing.mode !== "new") {
      onComposing({ mode: "new" });
    } else if (event.key === "ArrowUp" && text === "" && composing.mode === "new") {
      event.preventDefault();
      onEditLast();
    }
  };

  const onPaste = (event: ClipboardEvent) => {
    const file = event.clipboardData.files[0];
    if (file === undefined || editing) return;
    event.preventDefault();
    uploader.start(file);
  };

  return (
    <form
      className="composer"
      aria-label="Write a message"
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
      onDragOver={(event) => event.preventDefault()}
      onDrop={(event) => {
        event.preventDefault();
        const file = event.dataTransfer.files[0];
        if (file !== undefined && !editing) uploader.start(file);
      }}
    >
      {composing.mode !== "new" && (
        <ComposingBar composing={composing} onCancel={() => onComposing({ mode: "new" })} />
      )}
      {!editing && <UploadPreview uploader={uploader} />}
      <div className="composer-row">
        {!editing && <AttachButton onFile={uploader.start} />}
        <textarea
          ref={box}
          aria-label={editing ? "Edit message" : "Message"}
          placeholder="Write a message"
          rows={1}
          value={text}
          onChange={(event) => {
            if (editing) setEdited(event.target.value);
            else setDraft(event.target.value);
            chat.setTyping(!editing && event.target.value !== "");
          }}
          onBlur={() => chat.setTyping(false)}
          onKeyDown={onKeyDown}
          onPaste={onPaste}
        />
        <button
          type="submit"
          className="icon-button send"
          aria-label={editing ? "Save" : "Send"}
          aria-disabled={!ready}
        >
          <Icon name={editing ? "check" : "send"} />
        </button>
      </div>
    </form>
  );
}
