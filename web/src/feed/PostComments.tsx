import { useCallback, useEffect, useState } from "react";
import type { PostRow } from "../api/rows";
import { useSession } from "../session/SessionContext";
import { Failure } from "../ui/Failure";
import { Loading } from "../ui/Loading";
import { useAttempt } from "../ui/toast";
import { CommentForm } from "./CommentForm";
import { CommentItem } from "./CommentItem";
import { NO_COMMENTS_YET, readComments } from "./commentsState";
import { useFeed } from "./FeedContext";
import { withComments } from "./feedState";

export function PostComments({ post }: { readonly post: PostRow }) {
  const { api } = useSession();
  const { state, change } = useFeed();
  const attempt = useAttempt();
  const [error, setError] = useState<unknown>(null);
  const comments = state?.comments.get(post.id);
  const known = comments !== undefined;

  const read = useCallback(async () => {
    setError(null);
    // What is told from here on is gathered: the answer may be older.
    change((feed) => withComments(feed, post.id, (now) => now ?? NO_COMMENTS_YET));
    try {
      const put = await readComments(api, `/api/posts/${post.id}/comments/`);
      change((feed) => withComments(feed, post.id, put));
    } catch (thrown) {
      setError(thrown);
    }
  }, [api, change, post.id]);

  useEffect(() => {
    if (!known) void read(); // also when the feed was read anew
  }, [known, read]);

  const older = async (path: string) => {
    const reading = readComments(api, path).then((put) => change((feed) => withComments(feed, post.id, put)));
    await attempt("Older comments could not be loaded", reading);
  };

  return (
    <section className="comments" aria-label={`Comments on the post of ${post.userName}`}>
      {error !== null && (
        <Failure what="The comments could not be loaded" error={error} onRetry={() => void read()} />
      )}
      {error === null && !comments?.loaded && (
        <Loading what="comments" rows={Math.min(post.comment_count, 3)} />
      )}
      {comments?.older != null && (
        <button
          type="button"
          className="button quiet small"
          onClick={() => comments.older !== null && void older(comments.older)}
        >
          Show older comments
        </button>
      )}
      {comments !== undefined && comments.rows.length > 0 && (
        <ol aria-label="Comments">
          {comments.rows.map((comment) => (
            <CommentItem key={comment.id} comment={comment} post={post} />
          ))}
        </ol>
      )}
      <CommentForm post={post} />
    </section>
  );
}
