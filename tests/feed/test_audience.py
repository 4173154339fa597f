"""Whose posts an open feed covers, as ties begin and end: within a second, without the broker's or the
log's polling, over real servers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

from connections.services import request_send
from realtime import topics
from realtime.models import LoggedEvent
from tests.feed.conftest import Circle
from tests.feed.state import Feed
from tests.harness.client import Client
from tests.harness.people import People
from tests.harness.rows import AROUND
from tests.harness.site import Cluster, Site
from tests.harness.views import Rest
from tests.harness.waiting import eventually

WITHIN_S = 1.0  # PROTOCOL §3


@pytest.fixture(scope="module")
def site_settings() -> dict[str, str]:
    return {"KITH_POLL_S": "30"}  # what arrives does not wait for the tail


def post(site: Site, author: Any, content: str) -> int:
    """A post by REST: told by the server's own process."""
    answer = site.api(author).post("/api/posts/", json={"content": content}).raise_for_status()
    key: int = answer.json()["id"]
    return key


def accept(site: Site, asks: Any, answers: Any) -> None:
    request_id, _ = site.run(request_send, sender=asks, user_id=answers.pk)
    site.api(answers).post(f"/api/connections/requests/{request_id}/accept/").raise_for_status()


def remove(site: Site, user: Any, other: Any) -> None:
    site.api(user).delete(f"/api/connections/{other.pk}/").raise_for_status()


def block(site: Site, user: Any, other: Any) -> None:
    site.api(user).post("/api/blocks/", json={"user_id": other.pk}).raise_for_status()


def types(frames: list[Any]) -> list[str]:
    return [frame["type"] for frame in frames if frame["type"] not in AROUND]


async def posts_until(client: Client, *keys: int) -> list[int]:
    """The posts that this socket hears of, each within a second, until it heard of all these. What was
    posted shortly before a tie was made may be among them: a gained stream is told from a little earlier."""
    found: list[int] = []
    while not {*keys} <= {*found}:
        found.append((await client.until("new_post", within=WITHIN_S))["post"]["id"])
    return found


async def test_accepting_starts_each_others_posts_on_open_sockets(server: Site, people: People) -> None:
    alice, bob = people.users("alice", "bob")
    post(server, alice, "before")
    async with server.open("feed", alice) as left, server.open("feed", bob) as right:
        feed = Feed(Rest(server, bob))
        accept(server, alice, bob)
        assert (await left.until("audience_added", within=WITHIN_S))["user_id"] == bob.pk
        added = await right.until("audience_added", within=WITHIN_S)
        assert added["user_id"] == alice.pk
        feed.apply_all([added])
        keys = [post(server, author, "after") for author in (alice, bob)]
        for client in (left, right):
            await posts_until(client, *keys)
        feed.apply_all(frame for frame in right.seen if frame["type"] == "new_post")
        assert feed.facts == feed.again().facts
        assert len(feed.posts) == 3


@pytest.mark.parametrize("end", [remove, block])
@pytest.mark.parametrize("by_reader", [True, False])
async def test_ending_stops_everything_that_follows(
    server: Site, circle: Circle, end: Callable[..., None], by_reader: bool
) -> None:
    alice, bob, carol, _ = circle
    async with server.open("feed", bob) as client, server.open("feed", carol) as other:
        before = post(server, alice, "before")
        await posts_until(client, before)
        end(server, *((bob, alice) if by_reader else (alice, bob)))
        # At once, while the socket may not have heard yet.
        after = post(server, alice, "after")
        server.api(carol).post(f"/api/posts/{before}/comments/", json={"content": "x"}).raise_for_status()
        removed = await client.until("audience_removed", within=WITHIN_S)
        assert removed["user_id"] == alice.pk
        mine = post(server, bob, "mine")
        assert await posts_until(client, mine) == [mine]
        assert types(await client.barrier()) == (["feed_changed"] if end is block else [])
        assert await posts_until(other, after) == [before, after]


async def test_former_connection_gets_nothing_by_replay(server: Site, circle: Circle) -> None:
    async with server.open("feed", circle.bob) as client:
        since = client.cursor
    post(server, circle.alice, "while away")
    remove(server, circle.alice, circle.bob)
    async with server.open("feed", circle.bob, since=since) as client:
        assert types(client.opening) == ["audience_removed"]


async def test_tie_made_again_brings_the_posts_back(server: Site, circle: Circle) -> None:
    alice, bob, *_ = circle
    async with server.open("feed", bob) as client:
        for turn in range(5):
            remove(server, alice, bob)
            await client.until("audience_removed", within=WITHIN_S)
            accept(server, bob, alice)
            await client.until("audience_added", within=WITHIN_S)
            key = post(server, alice, f"turn {turn}")
            await posts_until(client, key)


async def test_ties_that_change_faster_than_sockets_can_follow_end_right(
    server: Site, circle: Circle
) -> None:
    alice, bob, *_ = circle
    async with server.open("feed", bob) as client:
        for _ in range(10):
            remove(server, bob, alice)
            accept(server, alice, bob)
        await posts_until(client, post(server, alice, "last"))
        remove(server, alice, bob)
        post(server, alice, "never")
        mine = post(server, bob, "mine")
        assert await posts_until(client, mine) == [mine]


async def test_blocking_hides_comments_and_reactions_under_a_third_ones_posts(
    server: Site, circle: Circle
) -> None:
    alice, bob, carol, _ = circle
    key = post(server, alice, "hello")
    async with server.open("feed", carol) as client, server.open("feed", alice) as author:
        block(server, bob, carol)
        url = f"/api/posts/{key}"

        async def hears_no_more_of_bob() -> bool:
            """Whether Carol is not told of a comment of Bob's; of Alice's, which follows it, she is."""
            for person in (bob, alice):
                server.api(person).post(f"{url}/comments/", json={"content": "x"}).raise_for_status()
            row = await client.until("new_comment")
            heard = row["comment"]["userId"] == bob.pk
            if heard:
                row = await client.until("new_comment")
            assert row["comment"]["userId"] == alice.pk
            return not heard

        await eventually(hears_no_more_of_bob, within=WITHIN_S)
        server.api(bob).post(f"{url}/reactions/", json={"kind": "sad"}).raise_for_status()
        assert await hears_no_more_of_bob()
        assert types(await client.barrier()) == ["feed_changed"]
        assert (await author.until("post_reaction"))["user_id"] == bob.pk


async def test_post_published_while_its_reader_is_blocked_is_heard_only_before_the_loss(
    postgres_site: Site, people: People
) -> None:
    bob = people.user("bob")
    async with postgres_site.open("feed", bob) as client:
        for _ in range(12):
            alice = people.user("alice")
            accept(postgres_site, alice, bob)
            await client.until("audience_added", user_id=alice.pk)
            one, _, other = await asyncio.gather(
                asyncio.to_thread(post, postgres_site, alice, "one"),
                asyncio.to_thread(block, postgres_site, alice, bob),
                asyncio.to_thread(post, postgres_site, alice, "other"),
            )
            heard = await posts_until(client, post(postgres_site, bob, "mine"))
            before = postgres_site.run(posts_before_the_loss, alice)
            assert {*heard} & {one, other} <= before


def posts_before_the_loss(author: Any) -> set[int]:
    """The posts on this author's stream up to where its reader lost it."""
    rows = LoggedEvent.objects.filter(topic=topics.author(author.pk).name).order_by("seq")
    frames = [(row.type, json.loads(row.body)) for row in rows]
    lost = [kind for kind, _ in frames].index("reader_lost")
    return {frame["post"]["id"] for _, frame in frames[:lost]}


async def test_ties_reach_sockets_of_another_process(cluster: Cluster, people: People) -> None:
    alice, bob = people.users("alice", "bob")
    async with cluster.right.open("feed", bob) as client:
        accept(cluster.left, alice, bob)
        await client.until("audience_added", within=WITHIN_S)
        await posts_until(client, post(cluster.left, alice, "hi"))
        remove(cluster.left, alice, bob)
        post(cluster.left, alice, "never")
        await client.until("audience_removed", within=WITHIN_S)
        mine = post(cluster.right, bob, "mine")
        assert await posts_until(client, mine) == [mine]
