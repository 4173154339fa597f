"""Commands: what a client may ask, with its schema beside its handler.

    @command
    def edit(self, *, message_id: Id, content: str) -> None: …

The name is the function's, the schema its annotated keyword-only parameters; the answer's keys
are what it returns. A plain function runs on a writing thread in one transaction; an ``async``
one on the event loop, for what needs no database. Handlers raise; `consumers` answers.
"""

from __future__ import annotations

import enum
import inspect
import typing
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, overload

import msgspec
from django.core.exceptions import ImproperlyConfigured

from realtime import protocol
from realtime.errors import InvalidMessage, KithError
from realtime.protocol import Id as Id
from realtime.protocol import Ref as Ref


class Rate(enum.Enum):
    """Which limit a command counts against (PROTOCOL §7)."""

    CHANGE = "commands"  # beyond it: rate_limited
    SIGNAL = "signals"  # beyond it: only the newest is kept, no error
    FREE = "free"


CHANGE, SIGNAL, FREE = Rate.CHANGE, Rate.SIGNAL, Rate.FREE

Handler = Callable[..., Any]


class Apart(enum.Enum):
    """See `APART`."""

    APART = "apart"


APART: Final = Apart.APART  # a batch form's answer: not done, to be done by the handler


class Asked(NamedTuple):
    """One of the commands that a batch form is to do: a channel of the handler's class, and the handler's
    keyword arguments."""

    channel: Any
    arguments: dict[str, Any]


Answer = dict[str, Any] | KithError | Apart
Batch = Callable[[Sequence[Asked]], Sequence[Answer]]


@dataclass(frozen=True)
class Command:
    """A handler and what its frames must look like."""

    name: str
    handler: Handler
    schema: type[msgspec.Struct]
    decoder: msgspec.json.Decoder[Any]
    rate: Rate
    on_loop: bool
    batch: Batch | None

    def parse(self, text: str) -> dict[str, Any]:
        """The handler's keyword arguments from a client's frame.

        Raises:
            InvalidMessage: with the field that is missing, of the wrong type, or holds NUL.
        """
        found = protocol.decode(text, self.decoder)
        arguments = {name: getattr(found, name) for name in self.schema.__struct_fields__}
        for name, value in arguments.items():
            if isinstance(value, str) and "\x00" in value:
                raise InvalidMessage(f"{name} holds a NUL character.", field=name)
        return arguments


@overload
def command(handler: Handler, /) -> Handler: ...
@overload
def command(
    *, name: str | None = None, rate: Rate = CHANGE, batch: Batch | None = None
) -> Callable[[Handler], Handler]: ...
def command(
    handler: Handler | None = None,
    /,
    *,
    name: str | None = None,
    rate: Rate = CHANGE,
    batch: Batch | None = None,
) -> Any:
    """Make a method of a channel a command of clients.

    ``batch`` does what the handler does for many who ask at the same moment, in few statements and in a
    transaction that it shares: the answer of each, in their order. It refuses one by answering a `KithError`;
    one that takes more than usual, or would wait for a lock, it leaves to the handler by answering `APART`.
    Whatever it raises undoes them all, and then the handler does each by itself.

    Raises:
        ImproperlyConfigured: a parameter is positional or has no annotation; an ``async`` handler has a batch
            form.
    """

    def mark(function: Handler) -> Handler:
        declared = _declare(function, name or function.__name__, rate, batch)
        function._kith_command = declared  # type: ignore[attr-defined]
        return function

    return mark if handler is None else mark(handler)


def _declare(handler: Handler, name: str, rate: Rate, batch: Batch | None) -> Command:
    where = f"{handler.__module__}.{handler.__qualname__}"
    on_loop = inspect.iscoroutinefunction(handler)
    if on_loop and batch is not None:
        raise ImproperlyConfigured(f"@command {where}: an async handler writes nothing that a batch could.")
    hints = typing.get_type_hints(handler, include_extras=True)
    fields: list[tuple[str, Any] | tuple[str, Any, Any]] = []
    for parameter in list(inspect.signature(handler).parameters.values())[1:]:
        if parameter.kind is not inspect.Parameter.KEYWORD_ONLY or parameter.name not in hints:
            raise ImproperlyConfigured(
                f"@command {where}: {parameter.name!r} must be keyword-only and annotated; "
                "the annotations are the command's schema."
            )
        field = (parameter.name, hints[parameter.name])
        fields.append(field if parameter.default is parameter.empty else (*field, parameter.default))
    schema = msgspec.defstruct(name, fields, kw_only=True, namespace={"__doc__": handler.__doc__})
    decoder = msgspec.json.Decoder(schema)
    return Command(name, handler, schema, decoder, rate, on_loop, batch)


def commands_of(cls: type) -> dict[str, Command]:
    """All commands of a class by name, its bases' included.

    Raises:
        ImproperlyConfigured: two methods claim one name.
    """
    found: dict[str, Command] = {}
    for attribute in dir(cls):
        declared = getattr(getattr(cls, attribute, None), "_kith_command", None)
        if not isinstance(declared, Command):
            continue
        if other := found.get(declared.name):
            raise ImproperlyConfigured(
                f"{cls.__qualname__}: {other.handler.__name__} and {declared.handler.__name__} "
                f"are both the command {declared.name!r}."
            )
        found[declared.name] = declared
    return found
