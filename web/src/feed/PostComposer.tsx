import { type FormEvent, useRef, useState } from "react";
import type { PostRow } from "../api/rows";
import { AttachButton } from "../files/AttachButton";
import { UploadPreview } from "../files/UploadPreview";
import { useUpload } from "../files/useUpload";
import { useSession } from "../session/SessionContext";
import { Avatar } from "../ui/Avatar";
import { useAttempt } from "../ui/toast";

export function PostComposer({ onPosted }: { readonly onPosted: (post: PostRow) => void }) {
  const { api, user } = useSession();
  const attempt = useAttempt();
  const uploader = useUpload();
  const [text, setText] = useState("");
  const [busy, setBusy] = useState(false);
  // Of one text one post, however often it is tried; another text is another post.
  const ref = useRef({ of: "", ref: "" });
  const { upload } = uploader;
  const content = text.trim() || (upload?.file.name ?? "");
  const ready = content !== "" && !busy && (upload === null || upload.state === "done");

  const post = async (event: FormEvent) => {
    event.preventDefault();
    if (!ready) return;
    const attachment = upload?.state === "done" ? upload.path : null;
    const of = JSON.stringify([content, attachment]);
    if (ref.current.of !== of) ref.current = { of, ref: crypto.randomUUID() };
    setBusy(true);
    const posting = api
      .post<PostRow>("/api/posts/", { content, attachment, ref: ref.current.ref })
      .then(onPosted);
    if (await attempt("That was not posted", posting)) {
      setText("");
      uploader.clear();
      ref.current = { of: "", ref: "" };
    }
    setBusy(false);
  };

  return (
    <form className="card post-composer" aria-label="New post" onSubmit={post}>
      <div className="post-composer-row">
        <Avatar name={user.name} of={user.id} />
        <textarea
          aria-label="What is new?"
          placeholder={`What is new, ${user.name.split(" ", 1)[0]}?`}
          rows={2}
          value={text}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={(event) => {
            if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) void post(event);
          }}
        />
      </div>
      <UploadPreview uploader={uploader} />
      <footer className="post-composer-foot">
        <AttachButton onFile={uploader.start} />
        <button type="submit" className="button primary" aria-disabled={!ready}>
          {busy ? "Posting…" : "Post"}
        </button>
      </footer>
    </form>
  );
}
