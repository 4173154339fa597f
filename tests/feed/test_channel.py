"""Every row of PROTOCOL §4 under ``feed``, over real servers and real sockets."""

from __future__ import annotations

from typing import Any

from feed.models import Comment as CommentRow
from feed.models import Post, Reaction
from tests.feed.conftest import Circle, posted, said
from tests.feed.state import Feed
from tests.feed.watched import watching
from tests.harness.people import People
from tests.harness.rows import AROUND
from tests.harness.site import Cluster, Site
from tests.harness.views import Rest


async def test_everything_about_a_post_reaches_exactly_its_audience(server: Site, circle: Circle) -> None:
    alice, bob, carol, _dave = circle
    apis = {person: server.api(person) for person in circle}
    async with watching(server, *circle) as watched:
        *audience, stranger = watched

        async def all_hear(*types: str) -> list[Any]:
            heard = [await each.hears(*types) for each in audience]
            assert all(one == heard[0] for one in heard)  # the same frames, ids included
            assert await stranger.hears() == []
            return heard[0]

        made = apis[alice].post("/api/posts/", json={"content": "hi"}).json()
        [new] = await all_hear("new_post")
        assert (new.post.id, new.post.user_id, new.post.content) == (made["id"], alice.pk, "hi")
        url = f"/api/posts/{made['id']}/"

        apis[alice].patch(url, json={"content": "ho"})
        [edited] = await all_hear("post_edited")
        assert (edited.post.content, edited.post.edited_at is None) == ("ho", False)

        comments = [
            apis[person].post(f"{url}comments/", json={"content": "yes"}).json() for person in (bob, carol)
        ]
        new_comments = await all_hear("new_comment", "new_comment")
        assert [row.comment.id for row in new_comments] == [row["id"] for row in comments]
        assert [row.comment_count for row in new_comments] == [1, 2]

        apis[alice].delete(f"/api/comments/{comments[0]['id']}/")
        [gone] = await all_hear("comment_deleted")
        assert (gone.comment_id, gone.comment_count) == (comments[0]["id"], 1)

        for person, kind in ((bob, "like"), (carol, "like"), (bob, "celebrate")):
            assert apis[person].post(f"{url}reactions/", json={"kind": kind}).status_code == 201
        apis[carol].delete(f"{url}reactions/")
        reactions = await all_hear(*["post_reaction"] * 4)
        assert [(row.user_id, row.kind, row.added, row.counts) for row in reactions] == [
            (bob.pk, "like", True, {"like": 1}),
            (carol.pk, "like", True, {"like": 2}),
            (bob.pk, "celebrate", True, {"celebrate": 1, "like": 1}),
            (carol.pk, "like", False, {"celebrate": 1}),
        ]

        apis[alice].delete(url)
        [deleted] = await all_hear("post_deleted")
        assert deleted.post_id == made["id"]


async def test_what_any_code_saves_is_told(server: Site, circle: Circle) -> None:
    async with watching(server, circle.bob) as [bob]:
        post = server.run(Post.objects.create, author=circle.alice, content="from the shell")
        comment = server.run(CommentRow.objects.create, post=post, author=circle.carol, content="too")
        reaction = server.run(Reaction.objects.create, post=post, user=circle.carol, kind="sad")
        await bob.hears("new_post", "new_comment", "post_reaction")
        server.run(reaction.delete)
        server.run(comment.delete)
        server.run(post.delete)
        await bob.hears("post_reaction", "comment_deleted", "post_deleted")
        server.manage(
            "shell",
            "-c",
            f"from feed.models import Post; Post.objects.create(author_id={circle.alice.pk}, content='hi')",
        )
        [new] = await bob.hears("new_post")
        assert new.post.content == "hi"


async def test_cursor_of_the_list_misses_nothing_that_came_after(server: Site, circle: Circle) -> None:
    server.run(posted, circle.alice, "before")
    feed = Feed(Rest(server, circle.bob))
    post = server.run(posted, circle.alice, "after")
    server.run(said, post, circle.carol)
    server.run(posted, circle.dave, "a stranger's")
    async with server.open("feed", circle.bob, since=feed.cursor) as client:
        assert [row["type"] for row in client.opening] == [
            "connected",
            "new_post",
            "new_comment",
            "caught_up",
        ]
        feed.apply_all(client.opening)
        assert feed.facts == feed.again().facts


async def test_deleted_content_is_not_replayed(server: Site, circle: Circle) -> None:
    async with server.open("feed", circle.bob) as client:
        since = client.cursor
    post = server.run(posted, circle.alice, "secret")
    server.run(said, post, circle.carol, "secret, too")
    server.api(circle.alice).delete(f"/api/posts/{post.pk}/").raise_for_status()
    async with server.open("feed", circle.bob, since=since) as client:
        assert len([frame for frame in client.opening if frame["type"] not in AROUND]) == 3
        assert "secret" not in str(client.opening)


async def test_two_processes_tell_the_same(cluster: Cluster, people: People) -> None:
    alice, bob = people.users("alice", "bob")
    people.connect(alice, bob)
    async with watching(cluster.right, bob) as [watched]:
        made = cluster.left.api(alice).post("/api/posts/", json={"content": "hi"}).json()
        cluster.left.api(bob).post(f"/api/posts/{made['id']}/comments/", json={"content": "ho"})
        await watched.hears("new_post", "new_comment")
