import { useMemo, useState } from "react";
import { useSource } from "../live/useSource";
import { useSession } from "../session/SessionContext";
import { Empty } from "../ui/Empty";
import { Failure } from "../ui/Failure";
import { Loading } from "../ui/Loading";
import { useAttempt } from "../ui/toast";
import { FeedContext } from "./FeedContext";
import { changedPost, feedSource, olderPosts, withPost } from "./feedState";
import { Post } from "./Post";
import { PostComposer } from "./PostComposer";
import { useSoughtPost } from "./useSoughtPost";

/** What my people and I posted. `postId`: the one that somebody came here for. */
export function FeedPage({ postId }: { readonly postId: number | null }) {
  const { api, user } = useSession();
  const source = useMemo(() => feedSource(api, user.id), [api, user.id]);
  const feed = useSource(source);
  const { state, error, reload, change } = feed;
  const attempt = useAttempt();
  const [busy, setBusy] = useState(false);
  const sought = useSoughtPost(postId, state?.posts ?? null, (post) => change((now) => withPost(now, post)));

  const more = async (next: string) => {
    setBusy(true);
    await attempt("Older posts could not be loaded", olderPosts(api, next).then(change));
    setBusy(false);
  };

  return (
    <FeedContext value={feed}>
      <div className="column">
        <h1>Feed</h1>
        <PostComposer
          onPosted={(post) =>
            change((now) => changedPost(withPost(now, post), post.id, { my_reaction: post.my_reaction }))
          }
        />
        {sought === "missing" && (
          <p className="notice" role="status">
            That post is not there any more.
          </p>
        )}
        {state === null && error === null && <Loading what="posts" rows={3} />}
        {state === null && error !== null && (
          <Failure what="The feed could not be loaded" error={error} onRetry={reload} />
        )}
        {state?.posts.length === 0 && (
          <Empty icon="feed" title="Nothing here yet">
            Post something, or <a href="#/people">find people</a> to hear from.
          </Empty>
        )}
        {state !== null && (
          <div role="feed" aria-label="Posts" aria-busy={busy} className="posts">
            {state.posts.map((post) => (
              <Post key={post.id} post={post} sought={post.id === postId} />
            ))}
          </div>
        )}
        {state?.next != null && (
          <button
            type="button"
            className="button wide"
            disabled={busy}
            onClick={() => state.next !== null && void more(state.next)}
          >
            {busy ? "Loading…" : "Show older posts"}
          </button>
        )}
      </div>
    </FeedContext>
  );
}
