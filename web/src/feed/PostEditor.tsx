import { type FormEvent, useState } from "react";
import type { PostRow } from "../api/rows";
import { useSession } from "../session/SessionContext";
import { useAttempt } from "../ui/toast";

interface Props {
  readonly post: PostRow;
  readonly onDone: () => void;
}

export function PostEditor({ post, onDone }: Props) {
  const { api } = useSession();
  const attempt = useAttempt();
  const [text, setText] = useState(post.content);

  const save = async (event: FormEvent) => {
    event.preventDefault();
    const content = text.trim();
    if (content === "") return;
    if (
      content === post.content ||
      (await attempt("The post was not changed", api.patch(`/api/posts/${post.id}/`, { content })))
    )
      onDone();
  };

  return (
    <form className="post-editor" aria-label="Edit post" onSubmit={save}>
      <textarea
        aria-label="Text of the post"
        // biome-ignore lint/a11y/noAutofocus: somebody just chose to edit it
        autoFocus
        rows={3}
        value={text}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "Escape") onDone();
        }}
      />
      <footer className="dialog-foot">
        <button type="button" className="button small" onClick={onDone}>
          Cancel
        </button>
        <button type="submit" className="button primary small">
          Save
        </button>
      </footer>
    </form>
  );
}
