"""The harness around a real server: starting, killing, reaching its data, more than one of it."""

from __future__ import annotations

from typing import Any

import jwt
import pytest
from django.conf import settings

from chat.models import Chat, Message
from tests.harness.people import People, token_for
from tests.harness.site import Cluster, Site, Sites


def hello(chat: Chat, sender: Any) -> Message:
    return Message.objects.create(chat=chat, sender=sender, content="hello")


async def test_a_socket_opens_and_a_row_saved_here_reaches_it(site: Site, people: People) -> None:
    alice, bob = people.users("alice", "bob")
    chat = people.chat(alice, bob)
    async with site.open(f"messages/{chat.pk}", bob) as client:
        assert [client.opening[0]["type"], client.opening[-1]["type"]] == ["connected", "caught_up"]
        message = site.run(hello, chat, alice)
        await client.until("new_message", message_id=message.pk, content="hello")
        assert await client.barrier() == []


def test_rest_knows_who_asks(site: Site, people: People) -> None:
    alice = people.user("alice")
    assert site.api(alice).get("/api/me/").json()["username"] == alice.username
    assert site.api().get("/api/me/").status_code == 401
    assert site.api(token_for(alice, exp=0)).get("/api/me/").status_code == 401


def test_tokens_are_forged_as_asked(site: Site, people: People) -> None:
    token = token_for(
        people.user("alice"), key="another key, and as long as ours is", token_type="refresh", sid=None
    )
    with pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(token, settings.SECRET_KEY, algorithms=["HS256"])
    payload = jwt.decode(token, options={"verify_signature": False})
    assert payload["token_type"] == "refresh"
    assert "sid" not in payload
    assert token_for(people.user("bob"), algorithm="none").endswith(".")


async def test_a_killed_site_comes_back_on_its_port_with_its_data(fresh_site: Site, people: People) -> None:
    alice, bob = people.users("alice", "bob")
    chat = people.chat(alice, bob)
    async with fresh_site.open(f"messages/{chat.pk}", alice) as client:
        fresh_site.kill()
        assert await client.closed() == 1006
    assert not fresh_site.is_ready()
    fresh_site.start()
    async with fresh_site.open(f"messages/{chat.pk}", alice) as client:
        assert client.opening[0]["user_id"] == alice.pk


async def test_what_one_process_is_told_the_other_tells(cluster: Cluster, people: People) -> None:
    alice, bob = people.users("alice", "bob")
    channel = f"messages/{people.direct(alice, bob).pk}"
    async with cluster.left.open(channel, alice) as left, cluster.right.open(channel, bob) as right:
        answer = await left.command({"type": "message", "content": "over there"})
        assert answer["type"] == "ack"
        await right.until("new_message", message_id=answer["message_id"])
    assert cluster.left.pid != cluster.right.pid


def test_a_management_command_sees_the_same_data(postgres_site: Site, people: People) -> None:
    alice = people.user("alice")
    script = "from django.contrib.auth.models import User; print(*User.objects.values_list('username'))"
    assert alice.username in postgres_site.manage("shell", "-c", script)


def test_a_site_that_does_not_start_shows_why(site: Site, sites: Sites) -> None:
    with pytest.raises(RuntimeError, match="Another server uses"):
        sites.start(site.database)
