import { Icon } from "../ui/Icon";
import type { Composing } from "./Composer";

interface Props {
  readonly composing: Exclude<Composing, { mode: "new" }>;
  readonly onCancel: () => void;
}

/** What an answer is to, or what is being changed. */
export function ComposingBar({ composing, onCancel }: Props) {
  const { mode, message } = composing;
  return (
    <div className="composing-bar">
      <Icon name={mode === "edit" ? "edit" : "reply"} size={18} />
      <p>
        <strong>{mode === "edit" ? "Editing" : `Reply to ${message.sender_name}`}</strong>
        <span className="soft">{message.content}</span>
      </p>
      <button type="button" className="icon-button small" aria-label={`Cancel ${mode}`} onClick={onCancel}>
        <Icon name="close" size={18} />
      </button>
    </div>
  );
}
