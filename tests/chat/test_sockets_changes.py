"""Editing, deleting and reacting, over real sockets and by REST: what is told, and to whom it is refused."""

from __future__ import annotations

from typing import Any

import pytest

from chat.models import Chat, Message, Reaction
from chat.services import member_add, message_delete, message_edit
from tests.chat.conftest import Group, Say
from tests.chat.rows import events, told
from tests.chat.test_messages import upload
from tests.harness.client import Frame
from tests.harness.people import People
from tests.harness.site import Site


@pytest.fixture(autouse=True)
def on_both(site: Site) -> Site:
    """The database is that of a real server."""
    return site


async def command(site: Site, chat: Chat, user: Any, kind: str, **fields: Any) -> Frame:
    """The answer to a command on a socket of its own, without its ref."""
    async with site.open(f"messages/{chat.pk}", user) as client:
        answer = await client.command({"type": kind, **fields})
        del answer["ref"]
        return answer


async def by_socket(site: Site, group: Group, user: Any, kind: str, **fields: Any) -> bool:
    """Whether it was allowed."""
    answer = await command(site, group.chat, user, kind, **fields)
    return answer == {"type": "ack", "message_id": fields["message_id"]}


async def by_rest(site: Site, _: Group, user: Any, kind: str, *, message_id: int, **fields: Any) -> bool:
    method = {"edit": "PATCH", "delete": "DELETE"}[kind]
    answer = site.api(user).request(method, f"/api/messages/{message_id}/", json=fields)
    assert answer.status_code in (200, 204, 404)
    return answer.is_success


WAYS = pytest.mark.parametrize("change", [by_socket, by_rest])

# ── editing ─────────────────────────────────────────────────────────────────────────────────


@WAYS
async def test_edit_is_told_once_with_its_time(site: Site, group: Group, say: Say, change: Any) -> None:
    message = site.run(say, group.chat, group.bob)
    async with (
        site.open(f"messages/{group.chat.pk}", group.alice) as alice,
        site.open("messages", group.bob) as bob,
    ):
        for content in (" mended\n", "mended"):  # the second changes nothing
            assert await change(site, group, group.bob, "edit", message_id=message.pk, content=content)
        [frame] = events(await alice.barrier())
        assert events(await bob.barrier()) == [frame]
    [row] = site.api(group.alice).get(f"/api/chats/{group.chat.pk}/messages/").json()["results"]
    assert (row["content"], row["timestamp"] < row["edited_at"]) == ("mended", True)
    assert told(frame) == {
        "type": "message_edited",
        "message_id": message.pk,
        "content": "mended",
        "edited_at": row["edited_at"],
    }


@WAYS
async def test_only_the_author_edits(site: Site, group: Group, say: Say, change: Any) -> None:
    message = site.run(say, group.chat, group.bob, "mine")
    assert not await change(site, group, group.alice, "edit", message_id=message.pk, content="hers")
    assert site.run(Message.objects.get, pk=message.pk).content == "mine"
    assert await change(site, group, group.bob, "edit", message_id=message.pk, content="still mine")


async def test_edit_follows_the_rule_of_content(site: Site, group: Group, say: Say) -> None:
    message = site.run(say, group.chat, group.bob, "mine")
    for content, code in (
        ("", "invalid_message"),
        ("a\x00b", "invalid_message"),
        ("x" * 10_241, "too_large"),
    ):
        answer = await command(site, group.chat, group.bob, "edit", message_id=message.pk, content=content)
        assert (answer["code"], answer["field"]) == (code, "content")
    longest = "x" * 10_240
    assert await by_socket(site, group, group.bob, "edit", message_id=message.pk, content=longest + " ")
    assert site.run(Message.objects.get, pk=message.pk).content == longest


async def test_what_was_edited_or_deleted_away_is_in_no_replay(site: Site, group: Group, say: Say) -> None:
    edited = site.run(say, group.chat, group.bob, "secret one")
    deleted = site.run(say, group.chat, group.bob, "secret two", attachment=site.run(upload, group.bob))
    site.run(message_edit, message=edited, user=group.bob, content="public")
    site.run(message_delete, message=deleted, user=group.bob)
    async with site.open(f"messages/{group.chat.pk}", group.alice, since=0) as alice:
        replayed = [
            (frame["message_id"], frame["type"], frame.get("content"), frame.get("attachment"))
            for frame in events(alice.opening)
            if "message_id" in frame
        ]
    assert replayed == [
        (edited.pk, "new_message", "public", None),
        (deleted.pk, "new_message", "", None),
        (edited.pk, "message_edited", "public", None),
        (deleted.pk, "message_deleted", None, None),
    ]
    assert "secret" not in str(alice.seen)


# ── deleting ────────────────────────────────────────────────────────────────────────────────


@WAYS
@pytest.mark.parametrize("who", ["bob", "alice"])
async def test_delete_by_author_or_owner_is_told_once_and_leaves_a_tombstone(
    site: Site, group: Group, say: Say, change: Any, who: str
) -> None:
    message = site.run(say, group.chat, group.bob, "secret", attachment=site.run(upload, group.bob))
    site.run(Reaction.objects.create, message=message, user=group.alice, emoji="👍")
    async with site.open(f"messages/{group.chat.pk}", group.alice) as alice:
        for _ in range(2):
            assert await change(site, group, getattr(group, who), "delete", message_id=message.pk)
        [frame] = events(await alice.barrier())
        assert told(frame) == {"type": "message_deleted", "message_id": message.pk}
    [row] = site.api(group.alice).get(f"/api/chats/{group.chat.pk}/messages/").json()["results"]
    assert (row["id"], row["deleted"], row["content"], row["attachment"]) == (message.pk, True, "", None)
    assert row["reactions"] == {}


@WAYS
async def test_other_members_do_not_delete(site: Site, group: Group, say: Say, change: Any) -> None:
    message = site.run(say, group.chat, group.alice)
    assert not await change(site, group, group.bob, "delete", message_id=message.pk)
    assert not site.run(Message.objects.get, pk=message.pk).is_deleted


async def test_tombstone_takes_no_edit_and_no_reaction(site: Site, group: Group, say: Say) -> None:
    message = site.run(say, group.chat, group.bob)
    site.run(message_delete, message=message, user=group.bob)
    for kind, fields in (("edit", {"content": "back"}), ("react", {"emoji": "👍", "added": True})):
        answer = await command(site, group.chat, group.bob, kind, message_id=message.pk, **fields)
        assert (answer["code"], answer["field"]) == ("not_found", "message_id")


# ── reacting ────────────────────────────────────────────────────────────────────────────────


async def test_reaction_is_told_when_it_comes_and_when_it_goes(site: Site, group: Group, say: Say) -> None:
    message = site.run(say, group.chat, group.alice)
    fields = {"message_id": message.pk, "emoji": "👩🏽‍🚀"}
    async with (
        site.open(f"messages/{group.chat.pk}", group.alice) as alice,
        site.open("messages", group.bob) as bob,
    ):
        for added in (True, True, False, False):
            assert await by_socket(site, group, group.bob, "react", added=added, **fields)
        frames = events(await alice.barrier())
        assert events(await bob.barrier()) == frames
    assert [told(frame) for frame in frames] == [
        {"type": "reaction", "user_id": group.bob.pk, "added": added, **fields} for added in (True, False)
    ]


UNFIT: list[dict[str, Any]] = [
    *({"emoji": emoji} for emoji in ("", " ", "two words", "x" * 33, "\x00", "\ud83d", 5, None)),
    *({"added": added} for added in ("true", 1, None)),
    *({"message_id": number} for number in ("1", 0, -1, 1.5, 2**63, 10**30, None)),
]


async def test_reaction_that_is_none_names_the_field(site: Site, group: Group, say: Say) -> None:
    message = site.run(say, group.chat, group.alice)
    async with site.open(f"messages/{group.chat.pk}", group.bob) as bob:
        for wrong in UNFIT:
            fields = {"message_id": message.pk, "emoji": "👍", "added": True, **wrong}
            answer = await bob.command({"type": "react", **fields})
            assert (answer["code"], [answer["field"]]) == ("invalid_message", list(wrong)), wrong
    assert not site.run(message.reactions.exists)


# ── elsewhere ───────────────────────────────────────────────────────────────────────────────

COMMANDS: list[tuple[str, dict[str, Any]]] = [
    ("edit", {"content": "moved"}),
    ("delete", {}),
    ("react", {"emoji": "👍", "added": True}),
    ("read", {}),
]


@pytest.mark.parametrize(("kind", "fields"), COMMANDS)
async def test_messages_of_other_chats_are_not_found(
    site: Site, group: Group, people: People, say: Say, kind: str, fields: dict[str, Any]
) -> None:
    """Also one's own, in a chat that one owns: a socket's commands stay in its chat."""
    mine = site.run(say, people.chat(group.bob, group.alice), group.bob)
    foreign = site.run(say, people.chat(group.carol), group.carol)
    before = site.run(say, group.chat, group.alice)
    site.run(member_add, chat=group.chat, actor=group.alice, user_id=group.carol.pk)
    tries = {group.bob: [mine.pk, foreign.pk, 2**63 - 1], group.carol: [before.pk]}
    async with site.open("messages", group.alice) as alice:
        for user, messages in tries.items():
            for message_id in messages:
                answer = await command(site, group.chat, user, kind, message_id=message_id, **fields)
                assert (answer["code"], answer["field"]) == ("not_found", "message_id")
        assert events(await alice.barrier()) == []


@pytest.mark.parametrize("kind", ["edit", "delete"])
async def test_strangers_find_no_message_by_rest(site: Site, group: Group, say: Say, kind: str) -> None:
    message = site.run(say, group.chat, group.alice)
    assert not await by_rest(site, group, group.carol, kind, message_id=message.pk, content="x")
    assert site.run(Message.objects.get, pk=message.pk).content == "hello"
