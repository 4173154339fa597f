import type { ServerEvent } from "kith-client";
import { expect, test } from "vitest";
import { NO_COMMENTS_YET } from "../src/feed/commentsState";
import { type Feed, feedAfter, withComments, withPost } from "../src/feed/feedState";
import { BOB, event, ME, post } from "./rows";

const start: Feed = { posts: [post(8), post(4)], next: null, comments: new Map() };

function after(feed: Feed, ...events: ServerEvent[]): Feed {
  return events.reduce<Feed>((now, one) => feedAfter(now, one, ME) ?? now, feed);
}

const comment = (id: number) => ({
  id,
  userId: BOB,
  userName: "Bob Bellamy",
  content: `Comment ${id}`,
  timestamp: "2026-03-02T10:00:00Z",
});

const commented = (id: number, comment_count: number): ServerEvent =>
  event({ type: "new_comment", channel: "feed", post_id: 8, comment: comment(id), comment_count });

const uncommented = (comment_id: number): ServerEvent =>
  event({ type: "comment_deleted", channel: "feed", post_id: 8, comment_id, comment_count: 0 });

const reacted = (
  user_id: number,
  kind: string,
  added: boolean,
  counts: Record<string, number>,
): ServerEvent => event({ type: "post_reaction", channel: "feed", post_id: 8, user_id, kind, added, counts });

test("posts stand newest first, each once", () => {
  const { comment_count: _, counts: __, my_reaction: ___, ...told } = post(6);
  const made = event({ type: "new_post", channel: "feed", post: told });
  expect(after(start, made, made).posts.map((one) => one.id)).toEqual([8, 6, 4]);
  expect(withPost(start, post(1)).posts.map((one) => one.id)).toEqual([8, 4, 1]);
});

test("a post that is told again keeps its counts", () => {
  const now = after(start, reacted(BOB, "like", true, { like: 1 }));
  expect(withPost(now, post(8)).posts[0]?.counts).toEqual({ like: 1 });
});

test("mine is the reaction that I gave last, and others' are only counted", () => {
  const mine = after(
    start,
    reacted(ME, "like", true, { like: 1 }),
    reacted(BOB, "wow", true, { like: 1, wow: 1 }),
  );
  expect(mine.posts[0]).toMatchObject({ my_reaction: "like", counts: { like: 1, wow: 1 } });
  expect(after(mine, reacted(ME, "like", false, { wow: 1 })).posts[0]?.my_reaction).toBeNull();
  const changed = [
    reacted(ME, "love", true, { love: 1, wow: 1 }),
    reacted(ME, "like", false, { love: 1, wow: 1 }),
  ];
  expect(after(mine, ...changed).posts[0]?.my_reaction).toBe("love");
});

test("comments are counted everywhere and gathered where somebody looks", () => {
  expect(after(start, commented(1, 1)).posts[0]?.comment_count).toBe(1);
  expect(after(start, commented(1, 1)).comments.size).toBe(0);
  const looking = withComments(start, 8, () => NO_COMMENTS_YET);
  const rows = after(looking, commented(2, 2), commented(1, 2), commented(2, 2)).comments.get(8)?.rows;
  expect(rows?.map((one) => one.id)).toEqual([1, 2]);
});

test("a comment that is deleted while an older answer is on its way stays away", () => {
  const looking = withComments(start, 8, () => NO_COMMENTS_YET);
  const now = after(looking, uncommented(2)).comments.get(8);
  expect(now?.gone.has(2)).toBe(true);
});

test("an author who is not heard any more is gone with all posts; a new one has to be read", () => {
  const gone = event({ type: "audience_removed", channel: "feed", user_id: BOB });
  expect(after(start, gone).posts).toEqual([]);
  expect(feedAfter(start, event({ type: "audience_added", channel: "feed", user_id: 3 }), ME)).toBeNull();
});

test("where a block hides or shows again what somebody did, the feed has to be read", () => {
  expect(feedAfter(start, event({ type: "feed_changed", channel: "feed" }), ME)).toBeNull();
});
