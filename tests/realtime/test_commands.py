"""Declaring commands: the schema beside the handler."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from realtime.channels import Channel
from realtime.commands import CHANGE, FREE, SIGNAL, Id, Ref, command, commands_of
from realtime.errors import InvalidMessage


class Board(Channel):
    """A game's board; not registered, for it names no channel."""

    @command
    def move(self, *, piece: Id, square: str, takes: Id | None = None, ref: Ref = None) -> dict[str, Any]:
        """Put a piece elsewhere."""
        return {"piece": piece}

    @command(rate=SIGNAL)
    async def hover(self, *, square: str) -> None:
        """The pointer is over a square."""

    @command(name="resign", rate=FREE)
    def give_up(self) -> None:
        """It is lost."""


def parse(text: str, name: str = "move") -> dict[str, Any]:
    return Board.commands[name].parse(text)


def test_a_command_is_named_like_its_function_unless_it_says_otherwise() -> None:
    assert set(Board.commands) == {"move", "hover", "resign"}
    assert Board.commands["resign"].handler is Board.give_up


def test_a_command_counts_as_a_change_unless_it_says_otherwise() -> None:
    rates = {name: found.rate for name, found in Board.commands.items()}
    assert rates == {"move": CHANGE, "hover": SIGNAL, "resign": FREE}


def test_only_async_handlers_run_on_the_loop() -> None:
    assert Board.commands["hover"].on_loop
    assert not Board.commands["move"].on_loop


def test_the_schema_is_the_signature_and_the_docstring_its_documentation() -> None:
    schema = Board.commands["move"].schema
    assert schema.__struct_fields__ == ("piece", "square", "takes", "ref")
    assert schema.__doc__ == "Put a piece elsewhere."


def test_arguments_are_read_from_the_frame_and_defaults_filled_in() -> None:
    text = '{"type": "move", "channel": "games/5", "piece": 3, "square": "e4", "surplus": true}'
    assert parse(text) == {"piece": 3, "square": "e4", "takes": None, "ref": None}
    assert parse('{"type": "resign"}', "resign") == {}


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ('{"square": "e4"}', "piece"),
        ('{"piece": 3}', "square"),
        ('{"piece": 3, "square": null}', "square"),
        ('{"piece": "3", "square": "e4"}', "piece"),
        ('{"piece": 3.5, "square": "e4"}', "piece"),
        ('{"piece": true, "square": "e4"}', "piece"),
        ('{"piece": 0, "square": "e4"}', "piece"),
        ('{"piece": -1, "square": "e4"}', "piece"),
        ('{"piece": 9223372036854775808, "square": "e4"}', "piece"),
        ('{"piece": 3, "square": ["e4"]}', "square"),
        ('{"piece": 3, "square": "e4", "takes": "x"}', "takes"),
        ('{"piece": 3, "square": "e4", "ref": ""}', "ref"),
        ('{"piece": 3, "square": "e\\u00004"}', "square"),
        ('{"piece": 3, "square": "\\ud800"}', "square"),
    ],
)
def test_what_does_not_fit_the_schema_is_refused_by_its_field(text: str, field: str) -> None:
    with pytest.raises(InvalidMessage) as refused:
        parse(text)
    assert refused.value.field == field


def test_a_subclass_has_its_bases_commands_and_may_replace_them() -> None:
    class Blitz(Board):
        @command(rate=FREE)
        def move(self, *, square: str) -> None:
            """Quickly."""

    assert set(Blitz.commands) == set(Board.commands)
    assert Blitz.commands["move"].schema.__struct_fields__ == ("square",)
    assert Board.commands["move"].rate is CHANGE


def test_a_replaced_handler_that_is_no_command_is_none() -> None:
    class Spectator(Board):
        move = None  # type: ignore[assignment]  # spectators do not move

    assert "move" not in Spectator.commands


# ── what is refused when it is declared ─────────────────────────────────────────────────────


def test_a_parameter_is_keyword_only_and_annotated_and_the_culprit_is_named() -> None:
    with pytest.raises(
        ImproperlyConfigured, match=r"test_commands\..*positional: 'piece' must be keyword-only"
    ):

        @command
        def positional(self: Any, piece: int) -> None: ...

    with pytest.raises(ImproperlyConfigured, match=r"test_commands\..*untyped: 'piece' must be"):

        @command
        def untyped(self, *, piece): ...

    with pytest.raises(ImproperlyConfigured, match="'pieces' must be"):

        @command
        def surplus(self: Any, **pieces: int) -> None: ...


def test_two_handlers_of_one_command_are_refused_and_both_are_named() -> None:
    class Confused:
        @command(name="move")
        def forward(self) -> None:
            """One."""

        @command(name="move")
        def backward(self) -> None:
            """Other."""

    with pytest.raises(ImproperlyConfigured, match=r"Confused: backward and forward are both .* 'move'"):
        commands_of(Confused)
