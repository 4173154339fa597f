"""Channels by name, and the names of topics."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from chat.consumers import AllMessagesConsumer, MessagesConsumer
from realtime import channels, topics
from realtime.channels import Channel, broadcast_topic, find
from realtime.errors import UnknownChannel
from realtime.events import EPHEMERAL, Event
from realtime.models import LoggedEvent
from realtime.rest import NO_ID
from realtime.topics import MAX_NAME, Topic


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> dict[str, type[Channel]]:
    """What a test declares is forgotten after it."""
    registry = dict(channels.registry)
    monkeypatch.setattr(channels, "registry", registry)
    return registry


def test_a_channel_is_found_by_its_name_with_its_parameters() -> None:
    assert find("messages/5") == (MessagesConsumer, {"chat_id": "5"})
    assert find("messages") == (AllMessagesConsumer, {})


@pytest.mark.parametrize(
    "name", ["", "nothing", "messages/", "messages/5/6", "/messages", "messages\n", "Messages"]
)
def test_any_other_name_is_unknown(name: str) -> None:
    with pytest.raises(UnknownChannel):
        find(name)


def test_several_parameters_and_regular_expressions_in_a_name(registry: dict[str, type[Channel]]) -> None:
    class Cell(Channel):
        channel = "b.oards/<board_id>/<cell>"

    assert find("b.oards/5/a1") == (Cell, {"board_id": "5", "cell": "a1"})
    with pytest.raises(UnknownChannel):
        find("boards/5/a1")
    assert Cell(user=None, params={"board_id": "5", "cell": "a1"}).name == "b.oards/5/a1"


def test_two_classes_of_one_channel_are_refused_and_both_are_named(
    registry: dict[str, type[Channel]],
) -> None:
    with pytest.raises(ImproperlyConfigured) as refused:

        class Mine(Channel):
            channel = "messages"

    assert "Mine" in str(refused.value)
    assert "chat.consumers.AllMessagesConsumer" in str(refused.value)
    assert registry["messages"] is AllMessagesConsumer


class Several(Channel):
    """Not registered: it is given its name below."""

    several_topics = True

    def topics(self) -> list[Topic]:
        return [topics.named("a", channel="a"), topics.named("b", channel="b")]


def test_a_channel_of_several_topics_hears_what_is_broadcast_on_it_too() -> None:
    channel = Several(user=None, params={})
    channel.name = "a/b"
    assert channel.topic_names() == ["a", "b", "channel.a.b"]


def test_what_is_broadcast_goes_where_everyone_who_opened_the_channel_hears_it() -> None:
    assert broadcast_topic("messages") == topics.everyone("messages")
    assert broadcast_topic("messages/5") == topics.chat(5)
    with pytest.raises(UnknownChannel):
        broadcast_topic("nothing")
    assert broadcast_topic("messages/x") == topics.chat(NO_ID), "which nobody hears"


def test_a_state_frame_names_its_type_and_channel_first() -> None:
    class Told(Channel):
        def state(self) -> Any:
            return {"points": 3, "type": "score_state"}

    told = Told(user=None, params={})
    told.name = "scores"
    frame = told.state_frame()
    assert frame is not None
    assert list(frame.items()) == [("type", "score_state"), ("channel", "scores"), ("points", 3)]
    assert Channel(user=None, params={}).state_frame() is None


def test_a_state_may_be_an_event() -> None:
    class BoardState(Event):
        delivery = EPHEMERAL
        points: int

    BoardState.type = "board_state"

    class Told(Channel):
        def state(self) -> Any:
            return BoardState(points=3)

    assert Told(user=None, params={}).state_frame() == {"type": "board_state", "channel": "", "points": 3}


def test_a_channel_without_topics_says_so() -> None:
    with pytest.raises(NotImplementedError, match="Channel"):
        Channel(user=None, params={}).topics()


# ── topics ──────────────────────────────────────────────────────────────────────────────────


def test_topics_are_spelled_as_the_protocol_says() -> None:
    assert topics.chat(5) == Topic("chat.5", "messages/5")
    assert topics.user(7, "notifications") == Topic("user.7.notifications", "notifications")
    assert topics.author(7) == Topic("author.7", "feed")
    assert topics.named("game", 5, channel="games/5") == Topic("game.5", "games/5")
    assert topics.control(7).channel == ""


def test_topics_of_different_kinds_never_share_a_name() -> None:
    made = [
        topics.chat(7),
        topics.author(7),
        topics.control(7),
        topics.user(7, "chat"),
        topics.everyone("chat"),
    ]
    assert len({topic.name for topic in made}) == len(made)


@pytest.mark.parametrize("part", ["", " ", "a b", "a/b", "a\n", "é", "a*", "x" * MAX_NAME])
def test_a_name_that_groups_cannot_have_is_refused(part: str) -> None:
    with pytest.raises(ValueError):
        topics.named("game", part, channel="games") if part else topics.named(part, channel="games")


def test_the_log_has_room_for_every_allowed_name() -> None:
    longest = topics.named("x" * MAX_NAME, channel="x").name
    assert len(longest) <= (LoggedEvent._meta.get_field("topic").max_length or 0)
