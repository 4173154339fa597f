"""What is pushed: the bases of event classes, their registry, and the checks when one is defined.

An app declares each fact as one small class in its ``events.py``:

    class ScoreChanged(ModelEvent, model=Score, on=(CREATED, UPDATED), fields=("points",)):
        "A player's score changed."

        type = "score_changed"
        player_id: int
        points: int

        def topic(self): return topics.user(self.player_id, "scores")

Signals, logging, encoding, replay and schema follow from it.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Self, cast

import msgspec
from django.core.exceptions import FieldDoesNotExist, ImproperlyConfigured
from django.db.models import Model
from django.dispatch import Signal

from realtime import protocol
from realtime.tallies import Tally
from realtime.topics import Topic


class Delivery(enum.Enum):
    """How hard an event is kept (PROTOCOL §4)."""

    DURABLE = "durable"  # in the log, in the transaction of the change; replayed
    LATEST = "latest"  # only the newest of its key matters; the state frame tells it again
    EPHEMERAL = "ephemeral"  # may be lost
    STATE = "state"  # what is true now, of a channel's state(); never published


class Change(enum.Enum):
    """What happened to a model's row."""

    CREATED = "created"
    UPDATED = "updated"
    DELETED = "deleted"


DURABLE, LATEST, EPHEMERAL = Delivery.DURABLE, Delivery.LATEST, Delivery.EPHEMERAL
STATE = Delivery.STATE
CREATED, UPDATED, DELETED = Change.CREATED, Change.UPDATED, Change.DELETED

registry: dict[str, type[Event]] = {}
model_events: dict[type[Model], list[type[ModelEvent]]] = {}
model_event_declared = Signal()  # sender: the model; `signals` watches it from then on

BEFORE = "_kith_before"  # on an instance that is being saved, see `before`

_SNAKE = re.compile(r"[a-z][a-z0-9_]*\Z")


class EventMeta(msgspec.StructMeta):
    """Makes event classes frozen, keyword-only structs and registers those that have a ``type``."""

    def __new__(
        mcls,
        name: str,
        bases: tuple[type, ...],
        namespace: dict[str, Any],
        *,
        model: type[Model] | None = None,
        on: Iterable[Change] = (),
        fields: Iterable[str] = (),
    ) -> Any:
        namespace |= {"model": model, "on": frozenset(on), "fields": tuple(fields)} if model else {}
        return super().__new__(mcls, name, bases, namespace, frozen=True, kw_only=True)

    def __init__(self, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **_: Any) -> None:
        super().__init__(name, bases, namespace)
        if isinstance(namespace.get("type"), str):
            _register(cast("type[Event]", self))


class Event(msgspec.Struct, metaclass=EventMeta):
    """A fact told to clients. Annotated fields are its frame's keys, after ``type``, ``channel``
    and, where the class has none of its own, ``timestamp``.

    For the schema it says which ``channel`` its frames name, as that is declared: ``"messages/<chat_id>"``;
    None: any; "": no client ever gets it."""

    type: ClassVar[str]
    channel: ClassVar[str | None] = None
    delivery: ClassVar[Delivery] = DURABLE
    hidden: ClassVar[tuple[str, ...]] = ()  # fields that topic() or actor() need, not on the wire
    rewrites: ClassVar[tuple[str, ...]] = ()  # fields of earlier frames of the same subject
    reroutes: ClassVar[bool] = False  # open channels of several topics ask for their topics again
    silent: ClassVar[bool] = False  # has its place and its effects (revokes, reroutes), but no client gets it

    def topic(self) -> Topic:
        """The stream that it belongs to."""
        raise NotImplementedError(f"{type(self).__name__} must say its topic()")

    def subject(self) -> str:
        """The object it tells of, such as ``message:5``; editing and deleting erase by it."""
        return ""

    def actor(self) -> Any:
        """Key of the user whose act it is, or None."""
        return None

    def revokes(self) -> Any:
        """Key of the user who, with this event, loses the right to its topic."""
        return None

    def grants(self) -> Any:
        """Key of the user who, with this event, gains the right to its topic."""
        return None

    def withheld_from(self) -> Iterable[Any]:
        """Keys of users who hear the topic, but not this. Asked when it is published."""
        return ()

    def tally(self) -> Tally | None:
        """DURABLE only: what the actor's act added to a total that the frame tells. Those to whom the actor
        is hidden (`Channel.hides`) are told the total without it, in this event and in later ones."""
        return None

    def key(self) -> str:
        """LATEST only: a newer event of the same key takes the place of an older one."""
        raise NotImplementedError(f"{type(self).__name__} is LATEST and must say its key()")

    def frame(self, channel: str | None) -> dict[str, Any]:
        """The frame's keys. ``channel`` None leaves the channel out (a state frame adds its own)."""
        fields = msgspec.structs.asdict(self)
        for name in self.hidden:
            del fields[name]
        frame: dict[str, Any] = {"type": self.type}
        if channel:
            frame["channel"] = channel
        frame |= fields
        if self.delivery is DURABLE and "timestamp" not in frame:
            frame["timestamp"] = protocol.now()
        return frame

    def encode(self, channel: str) -> bytes:
        """The frame without its id, as it is logged."""
        return protocol.encode(self.frame(channel))


class ModelEvent(Event):
    """An event told whenever a row of ``model`` is saved or deleted, by whatever code.

    ``on`` says at which changes; for UPDATED, ``fields`` are the model's fields of which one
    must have changed (none: any save tells it).
    """

    model: ClassVar[type[Model]]
    on: ClassVar[frozenset[Change]]
    fields: ClassVar[tuple[str, ...]]

    @classmethod
    def of(cls, instance: Any, _change: Change, /) -> Self | Iterable[Self] | None:
        """The event or events of this change to a row; None: nothing to tell. By default every
        field is read from the attribute of the same name."""
        return cls(**{name: getattr(instance, name) for name in cls.__struct_fields__})


def before(instance: Model) -> Mapping[str, Any]:
    """For `of` at UPDATED: what the row had before this save, in the fields that its model's events watch."""
    found: Mapping[str, Any] = instance.__dict__[BEFORE]
    return found


def _register(cls: type[Event]) -> None:
    """Refuse a declaration that would fail later, and say what is wrong with it."""
    culprit = f"{cls.__module__}.{cls.__qualname__}"
    if not _SNAKE.match(cls.type):
        raise ImproperlyConfigured(f"{culprit}: type {cls.type!r} must be in snake_case.")
    if other := registry.get(cls.type):
        raise ImproperlyConfigured(
            f"{culprit} and {other.__module__}.{other.__qualname__} are both of type {cls.type!r}; "
            "a type belongs to one class."
        )
    if not (cls.__doc__ or "").strip():
        raise ImproperlyConfigured(f"{culprit} needs a docstring: it becomes the event's documentation.")
    if cls.delivery is LATEST and cls.key is Event.key:
        raise ImproperlyConfigured(f"{culprit} is LATEST and must define key().")
    if cls.delivery is not DURABLE and cls.tally is not Event.tally:
        raise ImproperlyConfigured(
            f"{culprit} has a tally(), and must be DURABLE: acts are counted in the log."
        )
    for name in cls.hidden:
        if name not in cls.__struct_fields__:
            raise ImproperlyConfigured(f"{culprit}: hidden field {name!r} is not one of its fields.")
    if issubclass(cls, ModelEvent):
        _register_model_event(cls, culprit)
    registry[cls.type] = cls


def _register_model_event(cls: type[ModelEvent], culprit: str) -> None:
    if getattr(cls, "model", None) is None or not cls.on:
        raise ImproperlyConfigured(
            f"{culprit} must say model= and on=, as in (ModelEvent, model=Post, on=(CREATED,))."
        )
    for name in cls.fields:
        try:
            cls.model._meta.get_field(name)
        except FieldDoesNotExist as error:
            raise ImproperlyConfigured(f"{culprit}: {cls.model.__name__} has no field {name!r}.") from error
    model_events.setdefault(cls.model, []).append(cls)
    model_event_declared.send(sender=cls.model)
