import type { ChatResult } from "kith-client/react";
import { type ClipboardEvent, type KeyboardEvent, useEffect, useRef } from "react";
import type { MessageRow } from "../api/rows";
import { AttachButton } from "../files/AttachButton";
import { UploadPreview } from "../files/UploadPreview";
import { Icon } from "../ui/Icon";
import { ComposingBar } from "./ComposingBar";
import { useComposition } from "./useComposition";

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
  const box = useRef<HTMLTextAreaElement>(null);
  const { text, setText, uploader, ready, submit } = useComposition(chatId, composing, chat);
  const editing = composing.mode === "edit";
  const cancel = () => onComposing({ mode: "new" });

  useEffect(() => {
    // Whoever opens a chat goes on by writing. Not by touch: a keyboard would cover what was said.
    if (composing.mode !== "new" || matchMedia("(hover: hover)").matches) box.current?.focus();
  }, [composing]);

  const send = () => {
    if (!submit()) return;
    cancel();
    chat.setTyping(false);
    box.current?.focus();
  };

  const attach = (file: File | undefined) => {
    if (file === undefined || editing) return false;
    uploader.start(file);
    return true;
  };

  const onKeyDown = (event: KeyboardEvent<HTMLTextAreaElement>) => {
    if (event.nativeEvent.isComposing) return; // Enter chooses a word there
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      send();
    } else if (event.key === "Escape" && composing.mode !== "new") {
      cancel();
    } else if (event.key === "ArrowUp" && text === "" && composing.mode === "new") {
      event.preventDefault();
      onEditLast();
    }
  };

  return (
    <form
      className="composer"
      aria-label="Write a message"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
      onDragOver={(event) => event.preventDefault()}
      onDrop={(event) => {
        event.preventDefault();
        attach(event.dataTransfer.files[0]);
      }}
    >
      {composing.mode !== "new" && <ComposingBar composing={composing} onCancel={cancel} />}
      {!editing && <UploadPreview uploader={uploader} />}
      <div className="composer-row">
        {!editing && <AttachButton onFile={attach} />}
        <textarea
          ref={box}
          aria-label={editing ? "Edit message" : "Message"}
          placeholder="Write a message"
          rows={1}
          value={text}
          onChange={(event) => {
            setText(event.target.value);
            chat.setTyping(!editing && event.target.value !== "");
          }}
          onBlur={() => chat.setTyping(false)}
          onKeyDown={onKeyDown}
          onPaste={(event: ClipboardEvent) => {
            if (attach(event.clipboardData.files[0])) event.preventDefault();
          }}
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
