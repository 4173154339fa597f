"""Counts as a reader hears them: without the people hidden from that reader, in whatever way a frame comes.

Under Alice's posts Bob and Carol, who hide from each other, and Alice herself. Dave sees all three.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from functools import partial
from itertools import cycle
from random import Random
from typing import Any

import httpx
import pytest

from feed.models import Comment, Post
from feed.services import comment_create, comment_delete, reaction_clear, reaction_set
from tests.feed.conftest import Circle, posted, said
from tests.feed.state import Feed, assert_counts_are_of_what_was_told
from tests.feed.watched import watching
from tests.harness.client import Frame
from tests.harness.databases import in_thread
from tests.harness.law import Watcher
from tests.harness.people import People
from tests.harness.site import Cluster, Site
from tests.harness.views import Rest
from tests.harness.waiting import eventually

KINDS = ("like", "love", "sad")


@pytest.fixture
def quarrel(circle: Circle, people: People) -> Circle:
    """Everyone reads Alice's posts; Bob blocked Carol."""
    people.connect(circle.alice, circle.dave)
    people.block(circle.bob, circle.carol)
    return circle


def posted_by(author: Any) -> list[int]:
    """Ids of an author's posts, the earliest first."""
    return in_thread(
        lambda: list(Post.objects.filter(author=author).order_by("pk").values_list("pk", flat=True))
    )


class Under:
    """One post, and what people do under it by REST."""

    def __init__(self, site: Site, post_id: int) -> None:
        self.site, self.url = site, f"/api/posts/{post_id}/"
        self._apis: dict[Any, httpx.Client] = {}

    def api(self, person: Any) -> httpx.Client:
        return self._apis.setdefault(person, self.site.api(person))

    def say(self, person: Any) -> int:
        made = self.api(person).post(f"{self.url}comments/", json={"content": "x"}).raise_for_status()
        key: int = made.json()["id"]
        return key

    def unsay(self, person: Any, comment: int) -> None:
        self.api(person).delete(f"/api/comments/{comment}/").raise_for_status()

    def react(self, person: Any, kind: str) -> None:
        self.api(person).post(f"{self.url}reactions/", json={"kind": kind}).raise_for_status()

    def unreact(self, person: Any) -> None:
        self.api(person).delete(f"{self.url}reactions/").raise_for_status()


# ── live ────────────────────────────────────────────────────────────────────────────────────


async def test_who_hides_hears_the_counts_that_rest_tells(server: Site, quarrel: Circle) -> None:
    alice, bob, carol, dave = quarrel
    post = server.run(posted, alice)
    server.run(said, post, bob)
    server.run(said, post, carol)
    server.run(reaction_set, post=post, user=bob, kind="like")
    under = Under(server, post.pk)
    async with watching(server, *quarrel) as [alices, bobs, carols, daves]:

        async def all_hear(actor: Any, kind: str) -> list[Any]:
            """What Bob and Carol hear of it, who do not hear of each other."""
            heard = []
            for each in (alices, daves, bobs, carols):
                hidden = {bob: carol, carol: bob}.get(each.user) == actor
                heard.append(await each.hears(*[] if hidden else [kind]))
            assert heard[0] == heard[1]
            return heard[2] + heard[3]

        mine = under.say(carol)
        assert [row.comment_count for row in await all_hear(carol, "new_comment")] == [2]
        under.say(dave)
        assert [row.comment_count for row in await all_hear(dave, "new_comment")] == [2, 3]
        under.unsay(alice, mine)
        assert [row.comment_count for row in await all_hear(carol, "comment_deleted")] == [2]
        under.say(alice)
        assert [row.comment_count for row in await all_hear(alice, "new_comment")] == [3, 3]
        for kind, counts in (
            ("like", [{"like": 2}, {"like": 1}]),
            ("sad", [{"like": 1, "sad": 1}, {"sad": 1}]),
        ):
            under.react(dave, kind)
            assert [row.counts for row in await all_hear(dave, "post_reaction")] == counts
        under.react(bob, "sad")
        assert [row.counts for row in await all_hear(bob, "post_reaction")] == [{"sad": 2}]
        under.unreact(dave)
        assert [row.counts for row in await all_hear(dave, "post_reaction")] == [{"sad": 1}, {}]
        under.unreact(bob)
        assert [row.counts for row in await all_hear(bob, "post_reaction")] == [{}]
        under.api(alice).delete(under.url).raise_for_status()
        await all_hear(alice, "post_deleted")


async def test_what_no_event_told_of_is_left_out_all_the_same(server: Site, quarrel: Circle) -> None:
    post = server.run(posted, quarrel.alice)
    many = [Comment(post=post, author=quarrel.bob, content=f"{number}") for number in range(30)]
    server.run(Comment.objects.bulk_create, many)
    async with watching(server, quarrel.carol) as [carol]:
        Under(server, post.pk).say(quarrel.alice)
        [row] = await carol.hears("new_comment")
        assert row.comment_count == 1


async def test_counts_of_another_process_are_the_readers_own_too(cluster: Cluster, people: People) -> None:
    alice, bob, carol = people.users("alice", "bob", "carol")
    for person in (bob, carol):
        people.connect(alice, person)
    people.block(carol, bob)
    async with watching(cluster.right, bob, carol) as watched:
        made = cluster.left.api(alice).post("/api/posts/", json={"content": "hi"}).json()
        for each in watched:
            await each.hears("new_post")
        left, right = Under(cluster.left, made["id"]), Under(cluster.right, made["id"])
        for under, person in zip(cycle([left, right]), [bob, carol, alice, bob, alice], strict=False):
            under.say(person)
        counts = [
            [row.comment_count for row in await each.hears(*["new_comment"] * heard)]
            for each, heard in zip(watched, (4, 3), strict=True)
        ]
        assert counts == [[1, 2, 3, 4], [1, 2, 3]]


async def test_a_block_is_in_the_counts_soon_and_ends_with_it(server: Site, circle: Circle) -> None:
    alice, bob, carol, _ = circle
    under = Under(server, server.run(posted, alice).pk)
    async with watching(server, bob, carol) as watched:
        under.say(bob)
        under.react(bob, "like")
        under.say(carol)
        for each in watched:
            await each.hears("new_comment", "post_reaction", "new_comment")

        async def counted(number: int, counts: dict[str, int]) -> bool:
            """Whether this is what Carol hears at what Alice says, for the nth time."""
            mine = under.say(alice)
            under.react(alice, "wow")
            row = await watched[1].client.until("new_comment")
            others = await watched[1].client.until("post_reaction")
            under.unsay(alice, mine)
            under.unreact(alice)
            return bool((row["comment_count"], others["counts"]) == (number, counts | {"wow": 1}))

        assert await counted(3, {"like": 1})
        block = under.api(carol).post("/api/blocks/", json={"user_id": bob.pk}).raise_for_status()
        await eventually(lambda: counted(2, {}), within=20)
        under.api(carol).delete(f"/api/blocks/{bob.pk}/").raise_for_status()
        await eventually(lambda: counted(3, {"like": 1}), within=20)
        assert block.status_code == 201


# ── replayed ────────────────────────────────────────────────────────────────────────────────


def much(circle: Circle, seed: int) -> None:
    """Everybody does something under two posts of Alice's, some of it undone."""
    random = Random(seed)
    posts = [posted(circle.alice), posted(circle.alice)]
    for _ in range(100):
        post, person = random.choice(posts), random.choice(circle)
        match random.choice(["say", "say", "unsay", "react", "react", "unreact"]):
            case "say":
                said(post, person)
            case "unsay":
                if comment := Comment.objects.filter(post=post).order_by("pk").first():
                    comment_delete(comment=comment, user=circle.alice)
            case "react":
                reaction_set(post=post, user=person, kind=random.choice(KINDS))
            case "unreact":
                reaction_clear(post=post, user=person)


async def assert_replay_tells(site: Site, user: Any, before: Feed) -> list[Frame]:
    """From the cursor of what was read before, and from the very beginning, to what REST says now. What was
    told since the cursor."""
    now = Feed(Rest(site, user))
    empty = before.fork()
    empty.posts, empty.comments = {}, {}
    for feed, since in ((empty, "0"), (before, before.cursor)):
        async with site.open("feed", user, since=since) as client:
            frames = [frame for frame in client.opening if not frame["type"].startswith("audience")]
            assert_counts_are_of_what_was_told(frames)
            feed.apply_all(frames)
            assert feed.facts == now.facts
    return frames


@pytest.mark.parametrize("when", ["before", "after"])
async def test_replay_leaves_out_whoever_is_hidden_now(
    server: Site, circle: Circle, people: People, when: str
) -> None:
    """Also where the block was made after it was said."""
    people.connect(circle.alice, circle.dave)
    if when == "before":
        people.block(circle.carol, circle.bob)
    before = {person: Feed(Rest(server, person)) for person in circle}
    server.run(much, circle, seed=7)
    if when == "after":
        people.block(circle.carol, circle.bob)
    for person in circle:
        await assert_replay_tells(server, person, before[person])


async def test_replay_across_a_gained_author_has_the_readers_own_counts(
    server: Site, circle: Circle, people: People
) -> None:
    """Dave blocked Bob before he ever read anything of Alice's."""
    people.block(circle.dave, circle.bob)
    post = server.run(posted, circle.alice)
    for person in (circle.bob, circle.carol):
        server.run(said, post, person)
        server.run(reaction_set, post=post, user=person, kind="like")
    async with server.open("feed", circle.dave) as client:
        people.connect(circle.dave, circle.alice)
        await client.until("audience_added")
        feed = Feed(Rest(server, circle.dave))

        async def reads_alice() -> bool:
            Under(server, post.pk).say(circle.carol)
            return any(frame["type"] == "new_comment" for frame in await client.barrier())

        await eventually(reads_alice, within=20)
        feed = Feed(Rest(server, circle.dave))
        Under(server, post.pk).say(circle.alice)
        Under(server, post.pk).react(circle.alice, "like")
        feed.apply_all([await client.until(kind) for kind in ("new_comment", "post_reaction")])
        assert feed.facts == Feed(Rest(server, circle.dave)).facts


# ── gone ────────────────────────────────────────────────────────────────────────────────────


def names(frames: Iterable[Frame], user_id: int) -> bool:
    """Whether any of these frames says whose act it is, and it is this user's."""
    comments = [frame["comment"]["userId"] for frame in frames if "comment" in frame]
    return user_id in [*comments, *(frame.get("user_id") for frame in frames if frame["type"] != "connected")]


@pytest.mark.parametrize("by", ["instance", "queryset"])
async def test_who_is_hidden_stays_so_when_the_account_is_deleted(
    server: Site, quarrel: Circle, by: str
) -> None:
    """To Carol, who had nothing of Bob's, nothing is told of its end either."""
    alice, bob, carol, dave = quarrel
    earliest = {person: Feed(Rest(server, person)) for person in (alice, carol, dave)}
    server.run(much, quarrel, seed=11)
    later = {person: Feed(Rest(server, person)) for person in (alice, carol, dave)}
    gone = bob.pk
    async with watching(server, alice, carol, dave) as watched:
        mine, _ = posted_by(alice)
        Under(server, mine).say(bob)
        server.run(bob.delete if by == "instance" else type(bob).objects.filter(pk=bob.pk).delete)
        for post in posted_by(alice):
            Under(server, post).say(dave)
        for each in watched:
            await each.client.until("new_comment", post_id=post)
            await each.client.barrier()
            heard = each.client.seen[len(each.client.opening) :]
            assert names(heard, gone) == (each.user != carol)
            each.view.apply_all(heard)
            assert each.view.facts == Feed(Rest(server, each.user)).facts
    for person in (alice, carol, dave):
        for before in (earliest[person], later[person]):
            frames = await assert_replay_tells(server, person, before)
            assert names(frames, gone) == (person != carol)


# ── at once ─────────────────────────────────────────────────────────────────────────────────


async def test_blocks_made_while_everybody_comments_leave_nothing_of_the_hidden(
    postgres_site: Site, people: People
) -> None:
    """Whatever overtakes what: once all is still, a comment of somebody whom both see tells each the count
    that REST does."""
    for _ in range(8):
        alice, bob, carol = people.users("alice", "bob", "carol")
        for person in (bob, carol):
            people.connect(alice, person)
        post = postgres_site.run(posted, alice)
        async with watching(postgres_site, bob, carol) as watched:
            await asyncio.gather(
                *(asyncio.to_thread(say_four, postgres_site, post, person) for person in (alice, bob, carol)),
                asyncio.to_thread(people.block, bob, carol),
            )
            for each in watched:
                hears = partial(hears_what_rest_says, each, post, alice)
                await eventually(hears, within=20)
                assert await hears()


def say_four(site: Site, post: Post, person: Any) -> None:
    for _ in range(4):
        site.run(comment_create, post=post, author=person, content="x")


async def hears_what_rest_says(each: Watcher, post: Post, author: Any) -> bool:
    mine = await asyncio.to_thread(Under(each.site, post.pk).say, author)
    while (row := await each.client.until("new_comment"))["comment"]["id"] != mine:
        pass
    [shown] = each.site.api(each.user).get("/api/feed/").json()["results"]
    return bool(row["comment_count"] == shown["comment_count"])
