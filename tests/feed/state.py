"""The law *state read by REST before + events received = state read by REST after*, for feed.

    feed = Feed.read(api, bob.pk)            what REST says, as Bob
    feed.apply_all(await client.barrier())   what the frames make of it
    assert feed == Feed.read(api, bob.pk)

`told` holds every frame against its row of PROTOCOL §4, written down a second time. Counts are the reader's
own, of people whom the reader sees, in REST and in every frame.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

import httpx
import msgspec

from tests.harness.client import Frame

Id = Annotated[int, msgspec.Meta(ge=1)]
CAMEL_CASE = {"user_id": "userId", "user_name": "userName"}
Kind = Literal["like", "love", "laugh", "wow", "sad", "celebrate"]
Counts = dict[Kind, Annotated[int, msgspec.Meta(ge=1)]]


class Post(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, rename=CAMEL_CASE):
    id: Id
    user_id: int
    user_name: str
    content: str
    attachment: str | None
    timestamp: str
    edited_at: str | None


class Comment(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, rename=CAMEL_CASE):
    id: Id
    user_id: int
    user_name: str
    content: str
    timestamp: str


class Row(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, tag_field="type"):
    id: Id
    channel: Literal["feed"]
    timestamp: str


class NewPost(Row, tag="new_post"):
    post: Post


class PostEdited(Row, tag="post_edited"):
    post: Post


class PostDeleted(Row, tag="post_deleted"):
    post_id: Id


class NewComment(Row, tag="new_comment"):
    post_id: Id
    comment: Comment
    comment_count: Annotated[int, msgspec.Meta(ge=1)]


class CommentDeleted(Row, tag="comment_deleted"):
    post_id: Id
    comment_id: Id
    comment_count: Annotated[int, msgspec.Meta(ge=0)]


class PostReaction(Row, tag="post_reaction"):
    post_id: Id
    user_id: int
    kind: Kind
    added: bool
    counts: Counts


class AudienceAdded(Row, tag="audience_added"):
    user_id: int


class AudienceRemoved(Row, tag="audience_removed"):
    user_id: int


ROWS = (
    NewPost
    | PostEdited
    | PostDeleted
    | NewComment
    | CommentDeleted
    | PostReaction
    | AudienceAdded
    | AudienceRemoved
)
AROUND = {"connected", "caught_up", "cursor", "pong"}  # frames that are no events


def told(frames: Iterable[Frame]) -> list[Row]:
    """The events among these frames.

    Raises:
        msgspec.ValidationError: one does not fit its row, or has none.
    """
    return [msgspec.convert(frame, ROWS) for frame in frames if frame["type"] not in AROUND]


def assert_counts_are_of_what_was_told(frames: Iterable[Frame]) -> None:
    """Under each post whose beginning is among these frames, as many as they told of, and no more."""
    comments: dict[int, set[int]] = {}
    reactions: dict[int, dict[int, str]] = {}
    for row in told(frames):
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


@dataclass
class Feed:
    """What one user sees of posts."""

    api: httpx.Client = field(compare=False, repr=False)
    user_id: int
    posts: dict[int, dict[str, Any]] = field(default_factory=dict)
    comments: dict[int, dict[int, dict[str, Any]]] = field(default_factory=dict)  # by post
    cursor: str = field(default="", compare=False)

    @classmethod
    def read(cls, api: httpx.Client, user_id: int) -> Feed:
        """As the lists tell it."""
        feed = cls(api, user_id)
        feed.cursor = api.get("/api/feed/").json()["cursor"]
        for row in _pages(api, "/api/feed/?limit=5"):
            feed.posts[row["id"]] = row
            said = {each["id"]: each for each in _pages(api, f"/api/posts/{row['id']}/comments/?limit=5")}
            feed.comments[row["id"]] = said
        return feed

    def apply_all(self, frames: Iterable[Frame]) -> None:
        """What these frames change, in their order."""
        for row in told(frames):
            self._apply(row)

    def _apply(self, row: Row) -> None:
        match row:
            case NewPost():
                known = self.posts.get(row.post.id, {"comment_count": 0, "counts": {}, "my_reaction": None})
                self.posts[row.post.id] = known | msgspec.to_builtins(row.post)
                self.comments.setdefault(row.post.id, {})
            case PostEdited():
                self.posts[row.post.id] |= msgspec.to_builtins(row.post)
            case PostDeleted():
                self._drop(row.post_id)
            case AudienceAdded():
                again = Feed.read(self.api, self.user_id)
                self.posts, self.comments = again.posts, again.comments
            case AudienceRemoved():
                for key in [key for key, post in self.posts.items() if post["userId"] == row.user_id]:
                    self._drop(key)

            case _:
                self._apply_below(row)

    def _apply_below(self, row: Row) -> None:
        """What is under a post."""
        match row:
            case NewComment():
                said = msgspec.to_builtins(row.comment) | {"post_id": row.post_id}
                self.comments[row.post_id][row.comment.id] = said
                self.posts[row.post_id]["comment_count"] = row.comment_count
            case CommentDeleted():
                del self.comments[row.post_id][row.comment_id]
                self.posts[row.post_id]["comment_count"] = row.comment_count
            case PostReaction():
                self.posts[row.post_id]["counts"] = row.counts
                if row.user_id == self.user_id:
                    self.posts[row.post_id]["my_reaction"] = row.kind if row.added else None

    def _drop(self, post_id: int) -> None:
        self.posts.pop(post_id)
        self.comments.pop(post_id)


def _pages(api: httpx.Client, url: str | None) -> Iterator[dict[str, Any]]:
    while url:
        page = api.get(url).raise_for_status().json()
        yield from page["results"]
        url = page["next"]
