"""Declaring events: what a class becomes, and what is refused when it is defined."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from django.core.exceptions import ImproperlyConfigured

from chat.models import Chat
from realtime import events, topics
from realtime.events import CREATED, DURABLE, EPHEMERAL, LATEST, UPDATED, Event, ModelEvent
from realtime.topics import Topic


@pytest.fixture(autouse=True)
def registry(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, type[Event]]]:
    """What a test declares is forgotten after it."""
    registry = dict(events.registry)
    monkeypatch.setattr(events, "registry", registry)
    monkeypatch.setattr(events, "model_events", {})
    monkeypatch.setattr(events.model_event_declared, "receivers", [])
    events.model_event_declared.sender_receivers_cache.clear()
    yield registry
    events.model_event_declared.sender_receivers_cache.clear()


def declare_moved() -> type[Event]:
    class PieceMoved(Event):
        """A piece stands somewhere else."""

        type = "piece_moved"
        hidden = ("game_id",)
        game_id: int
        square: str

        def topic(self) -> Topic:
            return topics.named("game", self.game_id, channel=f"games/{self.game_id}")

    return PieceMoved


# ── what a class becomes ────────────────────────────────────────────────────────────────────


def test_a_declared_event_is_known_by_its_type(registry: dict[str, type[Event]]) -> None:
    moved = declare_moved()
    assert registry["piece_moved"] is moved


def test_a_base_without_a_type_is_not_registered(registry: dict[str, type[Event]]) -> None:
    before = set(registry)

    class AboutGame(Event):
        game_id: int

    assert set(registry) == before


def test_a_frame_has_type_channel_the_fields_on_the_wire_and_a_timestamp() -> None:
    moved = declare_moved()(game_id=5, square="e4")
    frame = json.loads(moved.encode(moved.topic().channel))
    assert list(frame) == ["type", "channel", "square", "timestamp"]
    assert (frame["type"], frame["channel"], frame["square"]) == ("piece_moved", "games/5", "e4")


def test_the_timestamp_of_an_event_of_its_own_stays(registry: dict[str, type[Event]]) -> None:
    class Announced(Event):
        """Somebody has something to say to all."""

        type = "announced"
        timestamp: str

    assert Announced(timestamp="then").frame("feed")["timestamp"] == "then"


def test_only_durable_events_are_given_a_timestamp() -> None:
    class Nudged(Event):
        """Somebody is impatient."""

        type = "nudged"
        delivery = EPHEMERAL
        by: int

    assert Nudged(by=1).frame("games/5") == {"type": "nudged", "channel": "games/5", "by": 1}
    assert Nudged(by=1).frame(None) == {"type": "nudged", "by": 1}


def test_an_event_is_durable_and_anybodys_unless_it_says_otherwise() -> None:
    moved = declare_moved()(game_id=5, square="e4")
    assert moved.delivery is DURABLE
    assert moved.subject() == ""
    assert (moved.actor(), moved.revokes(), moved.grants()) == (None, None, None)


def test_events_are_facts_and_do_not_change() -> None:
    moved: Any = declare_moved()(game_id=5, square="e4")
    with pytest.raises(AttributeError):
        moved.square = "e5"


@pytest.mark.parametrize("fields", [{}, {"game_id": 5}, {"game_id": 5, "square": "e4", "color": "white"}])
def test_missing_and_surplus_fields_are_refused_where_the_event_is_made(fields: dict[str, Any]) -> None:
    with pytest.raises(TypeError):
        declare_moved()(**fields)


def test_a_model_event_reads_its_fields_from_the_row_by_default() -> None:
    class ChatRenamed(ModelEvent, model=Chat, on=(UPDATED,), fields=("title",)):
        """A chat has another title."""

        type = "chat_renamed"
        id: int
        title: str

    told = ChatRenamed.of(Chat(id=5, title="Chess"), UPDATED)
    assert told == ChatRenamed(id=5, title="Chess")
    assert events.model_events[Chat] == [ChatRenamed]


def test_a_latest_event_keeps_its_key() -> None:
    class ClockTold(Event):
        """How much time is left."""

        type = "clock_told"
        delivery = LATEST
        color: str

        def key(self) -> str:
            return self.color

    assert ClockTold(color="white").key() == "white"


def test_a_field_may_hold_a_struct_of_its_own() -> None:
    class Score(msgspec.Struct):
        points: int

    class GameEnded(Event):
        """A game is over."""

        type = "game_ended"
        scores: list[Score]

    frame = json.loads(GameEnded(scores=[Score(3)]).encode("games/5"))
    assert frame["scores"] == [{"points": 3}]


# ── what is refused, and how it says whose fault it is ──────────────────────────────────────


def refusal(bases: tuple[type, ...], doc: str | None = "It happened.", /, **body: Any) -> str:
    """What defining ``class Wrong(…bases)`` says; ``options`` are those of ModelEvent."""
    options = body.pop("options", {})
    namespace = {"__module__": "games.events", "__qualname__": "Wrong", "__doc__": doc, **body}
    with pytest.raises(ImproperlyConfigured) as refused:
        events.EventMeta("Wrong", bases, namespace, **options)
    return str(refused.value)


def test_two_events_of_one_type_are_refused_and_both_are_named() -> None:
    declare_moved()
    said = refusal((Event,), type="piece_moved")
    assert "games.events.Wrong" in said
    assert f"{__name__}.declare_moved.<locals>.PieceMoved" in said
    assert "'piece_moved'" in said


@pytest.mark.parametrize(
    "wire_type", ["", "PieceMoved", "piece-moved", "piece moved", "1st", "_moved", "moved\n"]
)
def test_a_type_is_in_snake_case(wire_type: str) -> None:
    assert "games.events.Wrong: type" in refusal((Event,), type=wire_type)


@pytest.mark.parametrize("doc", [None, "", "  \n "])
def test_an_event_has_a_docstring(doc: str | None) -> None:
    assert "games.events.Wrong needs a docstring" in refusal((Event,), doc, type="wrong")


def test_a_latest_event_says_its_key() -> None:
    said = refusal((Event,), type="wrong", delivery=LATEST)
    assert "games.events.Wrong" in said
    assert "key()" in said


def test_a_hidden_field_is_one_of_the_fields() -> None:
    said = refusal((Event,), type="wrong", hidden=("game",), __annotations__={"game_id": int})
    assert "games.events.Wrong: hidden field 'game'" in said


def test_a_model_event_says_its_model_and_when() -> None:
    assert "games.events.Wrong must say model= and on=" in refusal((ModelEvent,), type="wrong")
    assert "must say model= and on=" in refusal((ModelEvent,), type="wrong", options={"model": Chat})


def test_a_watched_field_is_one_of_the_models() -> None:
    options = {"model": Chat, "on": (CREATED,), "fields": ("title", "colour")}
    said = refusal((ModelEvent,), type="wrong", options=options)
    assert "games.events.Wrong: Chat has no field 'colour'" in said


def test_what_was_refused_is_not_half_registered(registry: dict[str, type[Event]]) -> None:
    refusal((Event,), None, type="wrong")
    refusal((ModelEvent,), type="wrong", options={"model": Chat, "on": (CREATED,), "fields": ("colour",)})
    assert "wrong" not in registry
    assert Chat not in events.model_events


def test_an_event_without_a_topic_or_key_says_so_when_it_is_asked() -> None:
    class Silent(Event):
        """It belongs nowhere."""

        type = "silent"

    for ask in (Silent().topic, Silent().key):
        with pytest.raises(NotImplementedError, match="Silent"):
            ask()
