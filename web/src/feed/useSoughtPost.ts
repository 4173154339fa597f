import { useEffect, useRef, useState } from "react";
import type { PostRow } from "../api/rows";
import { useSession } from "../session/SessionContext";

/** Reads the post that somebody came for, where it is older than what is loaded. */
export function useSoughtPost(
  postId: number | null,
  posts: readonly PostRow[] | null,
  add: (post: PostRow) => void,
): "missing" | null {
  const { api } = useSession();
  const [missing, setMissing] = useState<number | null>(null);
  const latest = useRef(add);
  useEffect(() => {
    latest.current = add;
  });
  const here = posts === null || posts.some((post) => post.id === postId);

  useEffect(() => {
    if (postId === null || here) return;
    let current = true;
    api.get<PostRow>(`/api/posts/${postId}/`).then(
      (post) => current && latest.current(post),
      () => current && setMissing(postId),
    );
    return () => {
      current = false;
    };
  }, [api, postId, here]);

  return postId !== null && missing === postId ? "missing" : null;
}
