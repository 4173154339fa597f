import type { EventOf, ServerEvent } from "kith-client";
import type { Api } from "../api/Api";
import { following } from "../api/pages";
import { type Page, type PostRow, REACTION_KINDS, type ReactionKind, type UserId } from "../api/rows";
import type { Source } from "../live/Source";
import { type Comments, commentsAfter } from "./commentsState";

/** My posts and those of my connections, the newest first. */
export interface Feed {
  readonly posts: readonly PostRow[];
  readonly next: string | null;
  /** Of the posts whose comments somebody wanted to see. */
  readonly comments: ReadonlyMap<number, Comments>;
}

const PATH = "/api/feed/";

export function feedSource(api: Api, me: UserId): Source<Feed> {
  return {
    channel: "feed",
    async load() {
      const page = await api.get<Page<PostRow>>(PATH);
      const state: Feed = { posts: page.results, next: following(PATH, page), comments: new Map() };
      return { state, cursor: page.cursor };
    },
    reduce: (feed, event) => feedAfter(feed, event, me),
  };
}

/** The page that `next` names, behind what is there. */
export async function olderPosts(api: Api, next: string): Promise<(feed: Feed) => Feed> {
  const page = await api.get<Page<PostRow>>(next);
  return (feed) => {
    const known = new Set(feed.posts.map((post) => post.id));
    const posts = [...feed.posts, ...page.results.filter((post) => !known.has(post.id))];
    return { ...feed, posts, next: following(PATH, page) };
  };
}

export function feedAfter(feed: Feed, event: ServerEvent, me: UserId): Feed | null {
  switch (event.type) {
    case "new_post":
      return withPost(feed, { ...event.post, comment_count: 0, counts: {}, my_reaction: null });
    case "post_edited":
      return changedPost(feed, event.post.id, event.post);
    case "post_deleted":
      return { ...feed, posts: feed.posts.filter((post) => post.id !== event.post_id) };
    case "new_comment":
    case "comment_deleted":
      return afterComment(feed, event);
    case "post_reaction":
      return afterReaction(feed, event, me);
    case "audience_added":
    case "feed_changed":
      return null;
    case "audience_removed":
      return { ...feed, posts: feed.posts.filter((post) => post.userId !== event.user_id) };
    default:
      return feed;
  }
}

/** A post more, at its place by id. */
export function withPost(feed: Feed, post: PostRow): Feed {
  if (feed.posts.some(({ id }) => id === post.id)) return feed;
  const place = feed.posts.findIndex(({ id }) => id < post.id);
  return { ...feed, posts: feed.posts.toSpliced(place === -1 ? feed.posts.length : place, 0, post) };
}

export function changedPost(feed: Feed, postId: number, change: Partial<PostRow>): Feed {
  return { ...feed, posts: feed.posts.map((post) => (post.id === postId ? { ...post, ...change } : post)) };
}

export function withComments(
  feed: Feed,
  postId: number,
  fn: (comments: Comments | undefined) => Comments,
): Feed {
  return { ...feed, comments: new Map(feed.comments).set(postId, fn(feed.comments.get(postId))) };
}

function afterComment(feed: Feed, event: EventOf<"new_comment"> | EventOf<"comment_deleted">): Feed {
  const counted = changedPost(feed, event.post_id, { comment_count: event.comment_count });
  const comments = feed.comments.get(event.post_id);
  if (comments === undefined) return counted;
  return withComments(counted, event.post_id, () => commentsAfter(comments, event));
}

function afterReaction(feed: Feed, event: EventOf<"post_reaction">, me: UserId): Feed {
  const change = { counts: event.counts };
  if (event.user_id !== me) return changedPost(feed, event.post_id, change);
  const mine = feed.posts.find(({ id }) => id === event.post_id)?.my_reaction ?? null;
  const taken = mine === event.kind ? null : mine;
  return changedPost(feed, event.post_id, {
    ...change,
    my_reaction: event.added ? kindOf(event.kind) : taken,
  });
}

function kindOf(kind: string): ReactionKind | null {
  return REACTION_KINDS.find((known) => known === kind) ?? null;
}
