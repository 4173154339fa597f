import { type FormEvent, useRef, useState } from "react";
import type { CommentRow, PostRow } from "../api/rows";
import { useSession } from "../session/SessionContext";
import { useAttempt } from "../ui/toast";
import { NO_COMMENTS_YET, withComment } from "./commentsState";
import { useFeed } from "./FeedContext";
import { withComments } from "./feedState";

export function CommentForm({ post }: { readonly post: PostRow }) {
  const { api } = useSession();
  const { change } = useFeed();
  const attempt = useAttempt();
  const [text, setText] = useState("");
  const [busy, setBusy] = useState(false);
  const ref = useRef({ of: "", ref: "" }); // of one text one comment, however often it is tried
  const content = text.trim();

  const send = async (event: FormEvent) => {
    event.preventDefault();
    if (content === "" || busy) return;
    if (ref.current.of !== content) ref.current = { of: content, ref: crypto.randomUUID() };
    setBusy(true);
    const sending = api
      .post<CommentRow>(`/api/posts/${post.id}/comments/`, { content, ref: ref.current.ref })
      .then((made) =>
        change((feed) =>
          withComments(feed, post.id, (now = NO_COMMENTS_YET) => ({
            ...now,
            rows: withComment(now.rows, made),
          })),
        ),
      );
    if (await attempt("Your comment was not sent", sending)) {
      setText("");
      ref.current = { of: "", ref: "" };
    }
    setBusy(false);
  };

  return (
    <form className="comment-form" aria-label="Write a comment" onSubmit={send}>
      <input
        aria-label="Comment"
        placeholder="Write a comment"
        autoComplete="off"
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      <button type="submit" className="button small" aria-disabled={content === "" || busy}>
        Send
      </button>
    </form>
  );
}
