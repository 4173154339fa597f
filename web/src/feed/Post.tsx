import { useEffect, useId, useRef, useState } from "react";
import type { PostRow } from "../api/rows";
import { Attachment } from "../files/Attachment";
import { Avatar } from "../ui/Avatar";
import { Icon } from "../ui/Icon";
import { RichText } from "../ui/RichText";
import { When } from "../ui/When";
import { PostComments } from "./PostComments";
import { PostEditor } from "./PostEditor";
import { PostMenu } from "./PostMenu";
import { PostReactions } from "./PostReactions";

interface Props {
  readonly post: PostRow;
  /** Somebody came here for it. */
  readonly sought: boolean;
}

export function Post({ post, sought }: Props) {
  const id = useId();
  const ref = useRef<HTMLElement>(null);
  const [open, setOpen] = useState(sought);
  const [editing, setEditing] = useState(false);

  useEffect(() => {
    if (!sought) return;
    setOpen(true);
    ref.current?.scrollIntoView({ block: "start" });
    ref.current?.focus({ preventScroll: true });
  }, [sought]);

  return (
    <article
      ref={ref}
      className={sought ? "card post sought" : "card post"}
      aria-labelledby={id}
      tabIndex={-1}
    >
      <header className="post-head">
        <Avatar name={post.userName} of={post.userId} />
        <div className="post-who">
          <h2 id={id}>{post.userName}</h2>
          <p className="soft">
            <When at={post.timestamp} as="since" />
            {post.edited_at !== null && " · Edited"}
          </p>
        </div>
        <PostMenu post={post} onEdit={() => setEditing(true)} />
      </header>
      {editing ? (
        <PostEditor post={post} onDone={() => setEditing(false)} />
      ) : (
        <p className="post-text">
          <RichText text={post.content} />
        </p>
      )}
      {post.attachment !== null && <Attachment path={post.attachment} caption={post.content} />}
      <footer className="post-foot">
        <PostReactions post={post} />
        <button
          type="button"
          className="button quiet small"
          aria-expanded={open}
          onClick={() => setOpen((now) => !now)}
        >
          <Icon name="comment" size={18} />
          {commentsText(post.comment_count)}
        </button>
      </footer>
      {open && <PostComments post={post} />}
    </article>
  );
}

function commentsText(count: number): string {
  if (count === 0) return "Comment";
  return count === 1 ? "1 comment" : `${count} comments`;
}
