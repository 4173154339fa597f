"""Who is in a chat, how far each has read, and who is typing, over real sockets."""

from __future__ import annotations

from typing import Any

import pytest

from chat.services import member_add, read_mark
from tests.chat.conftest import Group, Say
from tests.chat.rows import events, told
from tests.chat.scene import Person
from tests.harness.client import Frame
from tests.harness.people import People
from tests.harness.site import Site
from tests.harness.views import Rest


@pytest.fixture(autouse=True)
def on_both(site: Site) -> Site:
    """The database is that of a real server."""
    return site


def member(user: Any, role: str = "member") -> dict[str, Any]:
    return {"user_id": user.pk, "user_name": user.username, "role": role}


def told_all(frames: list[Frame]) -> list[Frame]:
    return [told(frame) for frame in events(frames)]


# ── who comes and goes ──────────────────────────────────────────────────────────────────────


async def test_members_and_changes_of_the_chat_are_told(site: Site, group: Group, people: People) -> None:
    ann = people.user("ann", first_name="Ann", last_name="Lee")
    api, url = site.api(group.alice), f"/api/chats/{group.chat.pk}/"
    async with (
        site.open(f"messages/{group.chat.pk}", group.bob) as bob,
        site.open("messages", group.bob) as all_of_bob,
    ):
        api.post(f"{url}members/", json={"user_id": ann.pk}).raise_for_status()
        api.patch(f"{url}members/{ann.pk}/", json={"role": "owner"}).raise_for_status()
        api.patch(url, json={"title": "New plans", "history": "all"}).raise_for_status()
        api.delete(f"{url}members/{ann.pk}/").raise_for_status()
        frames = events(await bob.barrier())
        assert events(await all_of_bob.barrier()) == frames
    she = {"user_id": ann.pk, "user_name": "Ann Lee"}
    assert told_all(frames) == [
        {"type": "member_joined", **she, "role": "member"},
        {"type": "member_role", **she, "role": "owner"},
        {"type": "chat_updated", "title": "New plans", "history": "all"},
        {"type": "member_left", **she, "role": "owner"},
    ]


async def test_what_changes_nothing_is_not_told(site: Site, group: Group) -> None:
    api, url = site.api(group.alice), f"/api/chats/{group.chat.pk}/"
    async with site.open(f"messages/{group.chat.pk}", group.bob) as bob:
        api.post(f"{url}members/", json={"user_id": group.bob.pk}).raise_for_status()
        api.patch(f"{url}members/{group.bob.pk}/", json={"role": "member"}).raise_for_status()
        api.patch(url, json={"title": group.chat.title}).raise_for_status()
        for path in (url, f"{url}members/{group.bob.pk}/"):
            assert site.api(group.bob).patch(path, json={"title": "x", "role": "owner"}).status_code == 404
        assert events(await bob.barrier()) == []


async def test_last_owner_who_leaves_hands_over(site: Site, group: Group) -> None:
    async with site.open(f"messages/{group.chat.pk}", group.bob) as bob:
        url = f"/api/chats/{group.chat.pk}/members/{group.alice.pk}/"
        site.api(group.alice).delete(url).raise_for_status()
        assert told_all(await bob.barrier()) == [
            {"type": "member_role", **member(group.bob, "owner")},
            {"type": "member_left", **member(group.alice, "owner")},
        ]


@pytest.mark.parametrize("kind", ["group", "direct"])
async def test_new_chat_is_added_to_each_members_own_channel_and_heard_there(
    site: Site, group: Group, kind: str
) -> None:
    async with (
        site.open("messages", group.alice) as alice,
        site.open("messages", group.carol) as carol,
        site.open("messages", group.bob) as bob,
    ):
        body = {"member_ids": [group.carol.pk], "title": "Trip", "kind": kind}
        chat_id = site.api(group.alice).post("/api/chats/", json=body).raise_for_status().json()["id"]
        for client in (alice, carol):
            added = await client.until("chat_added")
            assert added["channel"] == "messages"
            title = "" if kind == "direct" else "Trip"
            assert told(added) == {"type": "chat_added", "chat_id": chat_id, "title": title}
        site.api(group.carol).post(f"/api/chats/{chat_id}/messages/", json={"content": "hi"})
        assert (await alice.until("new_message"))["channel"] == f"messages/{chat_id}"
        assert (await carol.until("new_message"))["sender_id"] == group.carol.pk
        assert events(await bob.barrier()) == []


async def test_removed_member_hears_the_removal_and_nothing_after_it(
    site: Site, group: Group, people: People
) -> None:
    stays = people.chat(group.bob, group.alice)
    async with (
        site.open(f"messages/{group.chat.pk}", group.bob) as alone,
        site.open("messages", group.bob) as all_of_bob,
    ):
        api = site.api(group.alice)
        api.delete(f"/api/chats/{group.chat.pk}/members/{group.bob.pk}/").raise_for_status()
        for chat in (group.chat, stays):
            said = {"content": "among us", "ref": f"to {chat.pk}"}
            api.post(f"/api/chats/{chat.pk}/messages/", json=said).raise_for_status()
        assert await alone.closed() == 4403
        left = {"type": "member_left", **member(group.bob)}
        assert told_all(alone.seen[len(alone.opening) :]) == [left]
        assert alone.seen[-1]["code"] == "forbidden"
        heard = [(frame["channel"], told(frame)) for frame in events(await all_of_bob.barrier())]
        title = {"chat_id": group.chat.pk, "title": "Plans"}
        assert heard[:2] == [
            (f"messages/{group.chat.pk}", left),
            ("messages", {"type": "chat_removed", **title}),
        ]
        assert [(channel, frame["ref"]) for channel, frame in heard[2:]] == [
            (f"messages/{stays.pk}", f"to {stays.pk}")
        ]


async def test_newcomer_is_told_nothing_of_what_was_said_before(site: Site, group: Group, say: Say) -> None:
    """Neither live nor in a replay, whatever becomes of it."""
    before = site.run(say, group.chat, group.alice, "secret")
    site.run(member_add, chat=group.chat, actor=group.alice, user_id=group.carol.pk)
    channel = f"messages/{group.chat.pk}"
    alice = Person(site, group.alice, group.chat.pk, Rest(site, group.alice))
    async with (
        site.open(channel, group.carol, since=0) as carol,
        site.open("messages", group.carol, since=0) as all_of_carol,
        site.open(channel, group.bob) as bob,
    ):
        await alice.edit(before.pk, "still secret")
        await alice.react(before.pk, "👍")
        await alice.react(before.pk, "👍", added=False)
        await alice.delete(before.pk)
        assert [frame["type"] for frame in events(await bob.barrier())] == [
            *("message_edited", "reaction", "reaction", "message_deleted")
        ]
        for client in (carol, all_of_carol):
            assert events(await client.barrier()) == []
            assert "secret" not in str(client.seen)
    async with site.open(channel, group.carol, since=0) as again:
        assert [frame["type"] for frame in events(again.opening)] == ["chat_state"]


# ── the state frame, and how far each has read ──────────────────────────────────────────────


async def test_chat_state_is_all_members_and_ones_own_unread_count(
    site: Site, group: Group, say: Say
) -> None:
    said = [site.run(say, group.chat, sender) for sender in (group.alice, group.bob, group.alice)]
    site.run(read_mark, chat=group.chat, user=group.bob, message_id=said[0].pk)
    site.run(member_add, chat=group.chat, actor=group.alice, user_id=group.carol.pk)
    members = [
        {**member(group.alice, "owner"), "last_read_message_id": 0},
        {**member(group.bob), "last_read_message_id": said[0].pk},
        {**member(group.carol), "last_read_message_id": 0},
    ]
    for user, unread in ((group.alice, 1), (group.bob, 1), (group.carol, 0)):
        async with site.open(f"messages/{group.chat.pk}", user) as client:
            [state] = events(client.opening)
            assert told(state) == {"type": "chat_state", "members": members, "unread_count": unread}


async def test_unread_count_is_exact_after_every_step(site: Site, group: Group) -> None:
    """As the state frame, the chat and the list of chats tell it."""
    alice, bob = (Person(site, user, group.chat.pk, Rest(site, user)) for user in (group.alice, group.bob))
    said: list[int] = []

    async def unread() -> list[int]:
        [row] = bob.api.get("/api/chats/").json()["results"]
        async with site.open(f"messages/{group.chat.pk}", group.bob) as client:
            [state] = events(client.opening)
        return [answer["unread_count"] for answer in (row, bob.api.get(bob.url).json(), state)]

    for step, expected in (
        (lambda: alice.say("0"), 1),
        (lambda: alice.say("1"), 2),
        (lambda: bob.say("2"), 2),  # one's own
        (lambda: alice.say("3"), 3),
        (lambda: alice.delete(said[0]), 2),
        (lambda: alice.delete(said[0]), 2),  # again
        (lambda: bob.delete(said[2]), 2),  # one's own
        (lambda: alice.edit(said[1], "one"), 2),
        (lambda: bob.read(said[1]), 1),
        (lambda: bob.read(said[0]), 1),  # back
        (lambda: alice.delete(said[1]), 1),  # read before
        (lambda: bob.read(said[3]), 0),
        (lambda: alice.say("4"), 1),
    ):
        if made := await step():
            said.append(made)
        assert await unread() == [expected] * 3


@pytest.mark.parametrize(("history", "unread"), [("joined", 1), ("all", 2)])
async def test_newcomer_has_unread_what_a_newcomer_may_see(
    site: Site, group: Group, people: People, say: Say, history: str, unread: int
) -> None:
    chat = people.chat(group.alice, history=history)
    site.run(say, chat, group.alice)
    site.run(member_add, chat=chat, actor=group.alice, user_id=group.carol.pk)
    site.run(say, chat, group.alice)
    async with site.open(f"messages/{chat.pk}", group.carol) as carol:
        assert carol.opening[1]["unread_count"] == unread
    [row] = site.api(group.carol).get("/api/chats/").json()["results"]
    assert row["unread_count"] == unread


async def test_read_is_told_to_everyone_and_moves_only_forward(site: Site, group: Group, say: Say) -> None:
    said = [site.run(say, group.chat, group.alice).pk for _ in range(3)]
    channel = f"messages/{group.chat.pk}"
    async with (
        site.open(channel, group.bob) as bob,
        site.open(channel, group.bob) as bobs_other,
        site.open("messages", group.alice) as alice,
    ):
        for index in (0, 2, 1, 2):
            ack = await bob.command({"type": "read", "message_id": said[index], "ref": f"r{index}"})
            assert ack == {"type": "ack", "ref": f"r{index}", "message_id": said[index]}
        expected = [
            {"type": "read", "user_id": group.bob.pk, "message_id": message_id}
            for message_id in (said[0], said[2])
        ]
        for client in (bob, bobs_other, alice):
            assert told_all(await client.barrier()) == expected
    async with site.open(channel, group.alice, since=0) as again:
        assert "read" not in again.types
        assert again.opening[-2]["members"][1]["last_read_message_id"] == said[2]


# ── typing ──────────────────────────────────────────────────────────────────────────────────


async def test_typing_is_told_to_all_but_the_socket_that_says_it(site: Site, group: Group) -> None:
    channel = f"messages/{group.chat.pk}"
    async with (
        site.open(channel, group.bob) as bob,
        site.open(channel, group.bob) as bobs_other,
        site.open(channel, group.alice) as alice,
        site.open("messages", group.alice) as all_of_alice,
        site.open("messages", group.carol) as carol,
    ):
        for is_typing in (True, False):
            ack = await bob.command({"type": "typing", "is_typing": is_typing, "ref": str(is_typing)})
            assert ack == {"type": "ack", "ref": str(is_typing)}
        who = {"type": "typing", "user_id": group.bob.pk, "user_name": group.bob.username}
        for client in (bobs_other, alice, all_of_alice):
            expected = [{**who, "is_typing": True}, {**who, "is_typing": False}]
            assert told_all(await client.barrier()) == expected
        assert events(await bob.barrier()) == events(await carol.barrier()) == []
    async with site.open(channel, group.alice, since=0) as again:
        assert "typing" not in again.types


async def test_typing_is_yes_or_no(site: Site, group: Group) -> None:
    async with (
        site.open(f"messages/{group.chat.pk}", group.alice) as alice,
        site.open(f"messages/{group.chat.pk}", group.bob) as bob,
    ):
        for wrong in ({}, {"is_typing": "yes"}, {"is_typing": 1}, {"is_typing": None}):
            error = await bob.command({"type": "typing", **wrong})
            assert (error["code"], error["field"]) == ("invalid_message", "is_typing")
        assert events(await alice.barrier()) == []
