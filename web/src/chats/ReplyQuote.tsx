import type { MessageRow } from "../api/rows";

/** What a message answers, in short. */
export function ReplyQuote({ quoted }: { readonly quoted: MessageRow | "unknown" }) {
  if (quoted === "unknown") return <blockquote className="reply-quote">An earlier message</blockquote>;
  return (
    <blockquote className="reply-quote">
      <span className="reply-name">{quoted.sender_name}</span>
      <span className="reply-text">{quoted.deleted ? "Message deleted" : quoted.content}</span>
    </blockquote>
  );
}
