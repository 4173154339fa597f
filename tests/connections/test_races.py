"""What two people, or two devices of one, do at the same moment: on PostgreSQL, many times over."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from chat.models import Message
from chat.services import message_send
from connections.models import Block, Connection, Request
from connections.selectors import is_hidden, requests_open
from connections.services import (
    block_add,
    connection_make,
    connection_remove,
    request_accept,
    request_decline,
    request_send,
    request_withdraw,
)
from realtime.models import LoggedEvent
from tests.harness.people import People
from tests.harness.races import race

pytestmark = pytest.mark.usefixtures("postgres_database")

ROUNDS = 25
CHANGES = ("connection_accepted", "connection_removed")


@pytest.fixture
def pairs(people: People) -> Iterator[Any]:
    """Pairs of strangers, each for one round."""
    return ((people.user("alice"), people.user("bob")) for _ in range(ROUNDS))


def asked(alice: Any, bob: Any) -> int:
    return request_send(sender=alice, user_id=bob.pk)[0]


def told(user: Any) -> list[str]:
    """Types on the user's stream, in the order of the log; a closed request with its reason."""
    rows = LoggedEvent.objects.filter(topic=f"user.{user.pk}.connections").order_by("seq")
    frames = [json.loads(body) for body in rows.values_list("body", flat=True)]
    return [f"{frame['type']} {frame.get('reason', '')}".strip() for frame in frames]


def ties(alice: Any, bob: Any) -> int:
    return Connection.objects.filter(one__in=[alice, bob], other__in=[alice, bob]).count()


def test_two_who_ask_each_other_at_once_are_connected_once(pairs: Any) -> None:
    for alice, bob in pairs:
        each_on_two_devices = [partial(asked, alice, bob), partial(asked, bob, alice)] * 2
        done = race(*each_on_two_devices)
        # A second device may come when all is done: connected already.
        assert set(done) <= {"done", "conflict"}
        assert done.count("done") >= 2
        assert ties(alice, bob) == 1
        assert [row.status for row in Request.objects.filter(from_user__in=[alice, bob])] == ["accepted"]
        for user in (alice, bob):
            assert told(user).count("connection_accepted") == 1
            assert not requests_open(user=user).exists()


def test_double_accept_connects_once(pairs: Any) -> None:
    for alice, bob in pairs:
        accept = partial(request_accept, user=bob, request_id=asked(alice, bob))
        assert race(accept, accept, accept) == ["done"] * 3
        assert ties(alice, bob) == 1
        for user in (alice, bob):
            assert told(user)[1:] == ["request_closed accepted", "connection_accepted"]


def test_accept_and_withdraw_at_once_agree_on_one(pairs: Any) -> None:
    for alice, bob in pairs:
        key = asked(alice, bob)
        accepted, withdrawn = race(
            partial(request_accept, user=bob, request_id=key),
            partial(request_withdraw, user=alice, request_id=key),
        )
        assert {accepted, withdrawn} == {"done", "conflict"}
        status = Request.objects.get(pk=key).status
        assert (status, ties(alice, bob)) == (("accepted", 1) if accepted == "done" else ("withdrawn", 0))
        for user in (alice, bob):
            assert [event for event in told(user) if "closed" in event] == [f"request_closed {status}"]


def test_accept_and_decline_at_once_agree_on_one(pairs: Any) -> None:
    for alice, bob in pairs:
        key = asked(alice, bob)
        accepted, declined = race(
            partial(request_accept, user=bob, request_id=key),
            partial(request_decline, user=bob, request_id=key),
        )
        assert {accepted, declined} == {"done", "conflict"}
        assert ties(alice, bob) == (accepted == "done")


def test_block_while_accepting_leaves_no_tie(pairs: Any) -> None:
    for number, (alice, bob) in enumerate(pairs):
        key = asked(alice, bob)
        blocker, other = (alice, bob) if number % 2 else (bob, alice)
        accepted, blocked = race(
            partial(request_accept, user=bob, request_id=key),
            partial(block_add, user=blocker, user_id=other.pk),
        )
        assert blocked == "done"
        assert accepted in ("done", "conflict")
        assert ties(alice, bob) == 0
        assert is_hidden(user_id=alice.pk, other_id=bob.pk)
        for user in (alice, bob):
            assert not requests_open(user=user).exists()
            changes = [event for event in told(user) if event in CHANGES]
            assert changes == (["connection_accepted", "connection_removed"] if accepted == "done" else [])


def test_block_while_asking_leaves_nothing_open(pairs: Any) -> None:
    for alice, bob in pairs:
        sent, blocked = race(partial(asked, alice, bob), partial(block_add, user=bob, user_id=alice.pk))
        assert blocked == "done"
        assert sent in ("done", "not_found")
        assert not Request.objects.filter(from_user=alice, status__in=Request.OPEN).exists()
        assert told(alice) == (["request_sent", "request_closed withdrawn"] if sent == "done" else [])


def test_removal_while_the_other_asks_or_both_remove(pairs: Any) -> None:
    for alice, bob in pairs:
        connection_make(one_id=alice.pk, other_id=bob.pk)
        remove = [
            partial(connection_remove, user=one, user_id=other.pk)
            for one, other in ((alice, bob), (bob, alice))
        ]
        *removed, sent = race(*remove, partial(asked, alice, bob))
        assert sorted(removed) == ["done", "not_found"]
        assert ties(alice, bob) == 0
        assert requests_open(user=bob).count() == (sent == "done")
        for user in (alice, bob):
            assert told(user).count("connection_removed") == 1


def test_same_ref_at_once_makes_one_request(pairs: Any) -> None:
    for alice, bob in pairs:
        ask = partial(request_send, sender=alice, user_id=bob.pk, ref="same")
        assert race(ask, ask, ask) == ["done"] * 3
        assert Request.objects.filter(from_user=alice).count() == 1


def test_each_blocks_the_other_at_once(pairs: Any) -> None:
    for alice, bob in pairs:
        connection_make(one_id=alice.pk, other_id=bob.pk)
        block = [
            partial(block_add, user=one, user_id=other.pk) for one, other in ((alice, bob), (bob, alice))
        ]
        assert race(*block * 2) == ["done"] * 4
        assert Block.objects.filter(user__in=[alice, bob]).count() == 2
        assert ties(alice, bob) == 0


def test_nothing_is_said_in_a_direct_chat_after_the_block(pairs: Any, people: People) -> None:
    for alice, bob in pairs:
        chat = people.direct(alice, bob)
        say = partial(message_send, chat=chat, sender=bob, content="hello")
        *said, blocked = race(say, say, partial(block_add, user=alice, user_id=bob.pk))
        assert blocked == "done"
        assert set(said) <= {"done", "forbidden"}
        assert Message.objects.filter(chat=chat).count() == said.count("done")
        block = LoggedEvent.objects.get(topic=f"user.{alice.pk}.connections")
        later = LoggedEvent.objects.filter(topic=f"chat.{chat.pk}", event_id__gt=block.event_id)
        assert not later.exists()
