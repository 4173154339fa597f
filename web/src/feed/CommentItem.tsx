import { useState } from "react";
import type { CommentRow, PostRow } from "../api/rows";
import { useSession } from "../session/SessionContext";
import { Avatar } from "../ui/Avatar";
import { ConfirmDialog } from "../ui/ConfirmDialog";
import { Icon } from "../ui/Icon";
import { RichText } from "../ui/RichText";
import { useAttempt } from "../ui/toast";
import { When } from "../ui/When";

interface Props {
  readonly comment: CommentRow;
  readonly post: PostRow;
}

export function CommentItem({ comment, post }: Props) {
  const { api, user } = useSession();
  const attempt = useAttempt();
  const [deleting, setDeleting] = useState(false);
  const mayDelete = comment.userId === user.id || post.userId === user.id;
  return (
    <li className="comment">
      <Avatar name={comment.userName} of={comment.userId} size="small" />
      <article className="comment-body" aria-label={comment.userName}>
        <p className="comment-head">
          <strong>{comment.userName}</strong>{" "}
          <span className="soft">
            <When at={comment.timestamp} as="since" />
          </span>
        </p>
        <p className="comment-text">
          <RichText text={comment.content} />
        </p>
      </article>
      {mayDelete && (
        <button
          type="button"
          className="icon-button small"
          aria-label="Delete comment"
          title="Delete comment"
          onClick={() => setDeleting(true)}
        >
          <Icon name="trash" size={16} />
        </button>
      )}
      {deleting && (
        <ConfirmDialog
          title="Delete this comment?"
          text="It will be gone for everybody."
          confirm="Delete"
          onConfirm={() => {
            setDeleting(false);
            void attempt("The comment was not deleted", api.delete(`/api/comments/${comment.id}/`));
          }}
          onClose={() => setDeleting(false)}
        />
      )}
    </li>
  );
}
