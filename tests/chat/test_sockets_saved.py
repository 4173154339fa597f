"""What any code saves reaches open sockets: that of the shell, of another process, of the admin."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import Any

import httpx
import pytest
from django.db import transaction

from chat.models import Chat, Membership, Message
from chat.services import member_add
from tests.chat.conftest import Group, Say
from tests.chat.rows import events, told
from tests.chat.test_messages import upload
from tests.harness.client import Client
from tests.harness.people import PASSWORD, People
from tests.harness.site import Site


@pytest.fixture(autouse=True)
def on_both(site: Site) -> Site:
    """The database is that of a real server."""
    return site


def message_fields(message: Message) -> dict[str, Any]:
    """What `new_message` says of a row."""
    return {
        "type": "new_message",
        "message_id": message.pk,
        "sender_id": message.sender_id,
        "sender_name": message.sender.username,
        "content": message.content,
        "attachment": message.attachment or None,
        "reply_to": message.reply_to_id,
        "ref": message.ref,
    }


# ── other processes ─────────────────────────────────────────────────────────────────────────


async def test_message_created_in_the_shell_reaches_open_sockets(site: Site, group: Group) -> None:
    script = f"""
from chat.models import Chat, Message
from django.contrib.auth import get_user_model
bob = get_user_model().objects.get(pk={group.bob.pk})
Message.objects.create(chat=Chat.objects.get(pk={group.chat.pk}), sender=bob, content="from the shell")
"""
    async with (
        site.open(f"messages/{group.chat.pk}", group.alice) as alice,
        site.open("messages", group.bob) as bob,
    ):
        await asyncio.to_thread(site.manage, "shell", "-c", script)
        frame = await alice.until("new_message")
        assert await bob.until("new_message") == frame
    assert told(frame) == message_fields(
        site.run(Message.objects.select_related("sender").get, chat=group.chat)
    )


def save_and_change(group: Group) -> None:
    """Everything that plain code does to the models, in a process that is not the server's."""
    message = Message.objects.create(chat=group.chat, sender=group.bob, content="one")
    message.content = "two"
    message.save()
    reaction = message.reactions.create(user=group.alice, emoji="👍")
    reaction.delete()
    message.delete()
    membership = Membership.objects.create(chat=group.chat, user=group.carol)
    membership.role = "owner"
    membership.save()
    membership.delete()
    Chat.objects.get(pk=group.chat.pk).save()  # changes nothing
    group.chat.title = "New plans"
    group.chat.save()


async def test_what_models_save_and_delete_elsewhere_is_told_in_its_order(site: Site, group: Group) -> None:
    async with site.open(f"messages/{group.chat.pk}", group.alice) as alice:
        site.run(save_and_change, group)
        await alice.until("chat_updated", title="New plans")
        types = [frame["type"] for frame in events(alice.seen[len(alice.opening) :])]
    assert types == [
        *("new_message", "message_edited", "reaction", "reaction", "message_deleted"),
        *("member_joined", "member_role", "member_left", "chat_updated"),
    ]


async def test_what_is_rolled_back_is_never_told(site: Site, group: Group) -> None:
    def write() -> None:
        with transaction.atomic():
            Message.objects.create(chat=group.chat, sender=group.bob, content="kept")
            with transaction.atomic():
                Message.objects.create(chat=group.chat, sender=group.bob, content="taken back")
                transaction.set_rollback(True)
            Message.objects.create(chat=group.chat, sender=group.bob, content="kept too")

    async with site.open(f"messages/{group.chat.pk}", group.alice) as alice:
        site.run(write)
        await alice.until("new_message", content="kept too")
        contents = [frame["content"] for frame in events(alice.seen) if frame["type"] == "new_message"]
    assert contents == ["kept", "kept too"]


# ── the admin ───────────────────────────────────────────────────────────────────────────────


class Admin:
    """A browser signed in to the admin: fetches a page for its CSRF token, then posts its form."""

    def __init__(self, site: Site, username: str) -> None:
        self._http = httpx.Client(base_url=site.url, trust_env=False)
        self.post("login/", username=username, password=PASSWORD)
        assert "sessionid" in self._http.cookies

    def post(self, page: str, **form: Any) -> None:
        """The form's fields; a list is a field several times. It must be taken."""
        path = f"/admin/{page}"
        self._http.get(path).raise_for_status()
        token = self._http.cookies["csrftoken"]
        answer = self._http.post(path, data={"csrfmiddlewaretoken": token, **form})
        assert answer.status_code == 302, answer.text

    def close(self) -> None:
        self._http.close()


@pytest.fixture
def admin(site: Site, people: People) -> Any:
    moderator = people.user("moderator", is_staff=True, is_superuser=True)
    admin = Admin(site, moderator.username)
    yield admin
    admin.close()


async def listening(stack: AsyncExitStack, site: Site, group: Group) -> tuple[Client, Client]:
    """Alice's chat and Bob's list of chats, open."""
    one = await stack.enter_async_context(site.open(f"messages/{group.chat.pk}", group.alice))
    return one, await stack.enter_async_context(site.open("messages", group.bob))


async def test_message_typed_in_the_admin_reaches_open_sockets(
    site: Site, group: Group, say: Say, admin: Admin
) -> None:
    first, attachment = site.run(say, group.chat, group.alice), site.run(upload, group.bob)
    async with AsyncExitStack() as stack:
        alice, bob = await listening(stack, site, group)
        admin.post(
            "kith_chat/message/add/",
            chat=group.chat.pk,
            sender=group.bob.pk,
            content=" from the admin\x07\r\nin two lines ",
            attachment=attachment,
            reply_to=first.pk,
        )
        [frame] = events(await alice.barrier())
        assert events(await bob.barrier()) == [frame]
    row = site.run(Message.objects.select_related("sender").get, reply_to=first)
    assert told(frame) == message_fields(row)
    assert frame["content"] == "from the admin\nin two lines"
    assert frame["attachment"] == attachment


async def test_text_changed_in_the_admin_is_told_with_its_time(
    site: Site, group: Group, say: Say, admin: Admin
) -> None:
    message = site.run(say, group.chat, group.bob)
    async with AsyncExitStack() as stack:
        alice, bob = await listening(stack, site, group)
        admin.post(f"kith_chat/message/{message.pk}/change/", content="mended")
        [frame] = events(await alice.barrier())
        assert events(await bob.barrier()) == [frame]
    fields = told(frame)
    assert fields.pop("edited_at")
    assert fields == {"type": "message_edited", "message_id": message.pk, "content": "mended"}


async def test_moderators_deletes_reach_open_sockets_with_and_without_tombstone(
    site: Site, group: Group, say: Say, admin: Admin
) -> None:
    first, second, third = [site.run(say, group.chat, group.bob).pk for _ in range(3)]
    async with AsyncExitStack() as stack:
        alice, bob = await listening(stack, site, group)
        page = "kith_chat/message/"
        admin.post(page, action="leave_tombstone", _selected_action=[first])
        admin.post(page, action="delete_selected", _selected_action=[second], post="yes")
        admin.post(f"{page}{third}/delete/", post="yes")
        frames = events(await alice.barrier())
        assert events(await bob.barrier()) == frames
    assert [told(frame) for frame in frames] == [
        {"type": "message_deleted", "message_id": message_id} for message_id in (first, second, third)
    ]
    rows = site.api(group.bob).get(f"/api/chats/{group.chat.pk}/messages/").json()["results"]
    assert [(row["id"], row["deleted"]) for row in rows] == [(first, True)]


async def test_member_added_and_removed_in_the_chats_own_form(site: Site, group: Group, admin: Admin) -> None:
    page = f"kith_chat/chat/{group.chat.pk}/change/"
    rows: list[Membership] = site.run(list, Membership.objects.filter(chat=group.chat).order_by("pk"))
    form: dict[str, Any] = {"title": "Plans", "history": "joined", "memberships-INITIAL_FORMS": len(rows)}
    for index, row in enumerate(rows):
        fields = {"id": row.pk, "chat": group.chat.pk, "user": row.user_id, "role": row.role}
        form |= {f"memberships-{index}-{name}": value for name, value in fields.items()}
    added = {"chat": group.chat.pk, "user": group.carol.pk, "role": "member"}
    form |= {f"memberships-{len(rows)}-{name}": value for name, value in added.items()}
    form |= {"memberships-1-DELETE": "on", "memberships-TOTAL_FORMS": len(rows) + 1}
    async with (
        site.open(f"messages/{group.chat.pk}", group.alice) as alice,
        site.open(f"messages/{group.chat.pk}", group.bob) as bob,
        site.open("messages", group.carol) as carol,
    ):
        admin.post(page, **form)
        frames = events(await alice.barrier())
        assert sorted((frame["type"], frame["user_id"]) for frame in frames) == [
            ("member_joined", group.carol.pk),
            ("member_left", group.bob.pk),
        ]
        assert await bob.closed() == 4403
        chat = {"chat_id": group.chat.pk, "title": "Plans"}
        assert told(await carol.until("chat_added")) == {"type": "chat_added", **chat}
        site.api(group.alice).post(f"/api/chats/{group.chat.pk}/messages/", json={"content": "welcome"})
        await carol.until("new_message", content="welcome")


async def test_member_added_and_removed_by_their_own_pages(site: Site, group: Group, admin: Admin) -> None:
    async with site.open("messages", group.carol) as carol:
        member = {"chat": group.chat.pk, "user": group.carol.pk, "role": "member"}
        admin.post("kith_chat/membership/add/", **member)
        await carol.until("chat_added")
        row = site.run(Membership.objects.get, user=group.carol)
        async with site.open(f"messages/{group.chat.pk}", group.carol) as alone:
            admin.post(f"kith_chat/membership/{row.pk}/delete/", post="yes")
            assert await alone.closed() == 4403
        await carol.until("chat_removed")


async def test_chat_deleted_in_the_admin_closes_its_sockets(
    site: Site, group: Group, say: Say, admin: Admin
) -> None:
    site.run(member_add, chat=group.chat, actor=group.alice, user_id=group.carol.pk)
    site.run(say, group.chat, group.bob)
    async with AsyncExitStack() as stack:
        alice, bob = await listening(stack, site, group)
        admin.post(f"kith_chat/chat/{group.chat.pk}/delete/", post="yes")
        assert await alice.closed() == 4403
        removed = told(await bob.until("chat_removed"))
        assert removed == {"type": "chat_removed", "chat_id": group.chat.pk, "title": "Plans"}
    async with site.connect(f"messages/{group.chat.pk}", token=site.token(group.alice)) as again:
        assert await again.closed() == 4403


async def test_account_deleted_in_the_admin_leaves_nothing_of_what_it_said(
    site: Site, group: Group, say: Say, admin: Admin
) -> None:
    message = site.run(say, group.chat, group.bob, "secret")
    async with (
        site.open(f"messages/{group.chat.pk}", group.alice) as alice,
        site.open(f"messages/{group.chat.pk}", group.bob) as bob,
    ):
        admin.post(f"auth/user/{group.bob.pk}/delete/", post="yes")
        assert await bob.closed() in (4401, 4403)  # the sign-in is void, and so is the right to the chat
        frames = [told(frame) for frame in events(await alice.barrier())]
        assert sorted(frame["type"] for frame in frames) == ["member_left", "message_deleted"]
        assert {frame.get("message_id") for frame in frames} == {message.pk, None}
    async with site.open(f"messages/{group.chat.pk}", group.alice, since=0) as again:
        assert "new_message" in again.types
        assert "secret" not in str(again.seen)
        assert group.bob.username not in str(again.seen)
