"""What the law of events (tests/harness/law.py) needs to know of feed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from copy import deepcopy
from typing import Annotated, Any, Literal

import msgspec

from tests.harness.client import Frame
from tests.harness.rows import AROUND, Count, Durable, Id, UserId, Utc, row_of
from tests.harness.views import View

CAMEL_CASE = {"user_id": "userId", "user_name": "userName"}
Kind = Literal["like", "love", "laugh", "wow", "sad", "celebrate"]
Counts = dict[Kind, Annotated[int, msgspec.Meta(ge=1)]]


class Post(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, rename=CAMEL_CASE):
    id: Id
    user_id: UserId
    user_name: str
    content: str
    attachment: str | None
    timestamp: Utc
    edited_at: Utc | None


class Comment(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, rename=CAMEL_CASE):
    id: Id
    user_id: UserId
    user_name: str
    content: str
    timestamp: Utc


class NewPost(Durable):
    post: Post


class PostEdited(NewPost):
    pass


class PostDeleted(Durable):
    post_id: Id


class NewComment(Durable):
    post_id: Id
    comment: Comment
    comment_count: Annotated[int, msgspec.Meta(ge=1)]


class CommentDeleted(Durable):
    post_id: Id
    comment_id: Id
    comment_count: Count


class PostReaction(Durable):
    post_id: Id
    user_id: UserId
    kind: Kind
    added: bool
    counts: Counts


class AudienceAdded(Durable):
    user_id: UserId


class AudienceRemoved(AudienceAdded):
    pass


class FeedChanged(Durable):
    pass


class Feed(View):
    """What one user sees of posts."""

    channel = "feed"
    rows = (
        NewPost
        | PostEdited
        | PostDeleted
        | NewComment
        | CommentDeleted
        | PostReaction
        | AudienceAdded
        | AudienceRemoved
        | FeedChanged
    )

    def read(self) -> None:
        found = self.rest.pages("/api/feed/")
        self.cursor = found[0]["cursor"]
        self.posts: dict[int, dict[str, Any]] = {row["id"]: row for page in found for row in page["results"]}
        self.comments: dict[int, dict[int, dict[str, Any]]] = {
            key: {row["id"]: row for row in self.rest.rows(f"/api/posts/{key}/comments/")}
            for key in self.posts
        }

    @property
    def facts(self) -> dict[str, Any]:
        return deepcopy({"posts": self.posts, "comments": self.comments})

    def on_new_post(self, *, post: dict[str, Any], **_: Any) -> None:
        new: dict[str, Any] = {"comment_count": 0, "counts": {}, "my_reaction": None}
        self.posts[post["id"]] = self.posts.get(post["id"], new) | post
        self.comments.setdefault(post["id"], {})

    def on_post_edited(self, *, post: dict[str, Any], **_: Any) -> None:
        self.posts[post["id"]] |= post

    def on_post_deleted(self, *, post_id: int, **_: Any) -> None:
        self.posts.pop(post_id)
        self.comments.pop(post_id)

    def on_new_comment(self, *, post_id: int, comment: dict[str, Any], comment_count: int, **_: Any) -> None:
        self.comments[post_id][comment["id"]] = comment | {"post_id": post_id}
        self.posts[post_id]["comment_count"] = comment_count

    def on_comment_deleted(self, *, post_id: int, comment_id: int, comment_count: int, **_: Any) -> None:
        self.comments[post_id].pop(comment_id, None)
        self.posts[post_id]["comment_count"] = comment_count

    def on_post_reaction(
        self, *, post_id: int, user_id: int, kind: str, added: bool, counts: dict[str, int], **_: Any
    ) -> None:
        self.posts[post_id]["counts"] = counts
        if user_id == self.rest.user_id:
            self.posts[post_id]["my_reaction"] = kind if added else None

    def on_audience_added(self, **_: Any) -> None:
        self.read()

    def on_feed_changed(self, **_: Any) -> None:
        self.read()

    def on_audience_removed(self, *, user_id: int, **_: Any) -> None:
        for key in [key for key, post in self.posts.items() if post["userId"] == user_id]:
            self.on_post_deleted(post_id=key)


def assert_counts_are_of_what_was_told(frames: Iterable[Frame]) -> None:
    """Under each post whose beginning is among these frames, as many as they told of, and no more."""
    comments: dict[int, set[int]] = {}
    reactions: dict[int, dict[UserId, str]] = {}
    for row in (row_of(frame, Feed.rows) for frame in frames if frame["type"] not in AROUND):
        match row:
            case NewPost():
                comments[row.post.id], reactions[row.post.id] = set(), {}
            case NewComment() if row.post_id in comments:
                comments[row.post_id].add(row.comment.id)
                assert row.comment_count == len(comments[row.post_id])
            case CommentDeleted() if row.post_id in comments:
                comments[row.post_id].remove(row.comment_id)
                assert row.comment_count == len(comments[row.post_id])
            case PostReaction() if row.post_id in reactions:
                reactions[row.post_id].pop(row.user_id, None)
                if row.added:
                    reactions[row.post_id][row.user_id] = row.kind
                assert row.counts == Counter(reactions[row.post_id].values())
