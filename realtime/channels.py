"""Channels: what a client opens by name, declared once, used by every transport.

class Scores(ChannelConsumer):
    "The scores of one game."

    channel = "scores/<game_id>"

    def topics(self): return [topics.named("game", self.params["game_id"], channel=self.name)]
    def authorize(self): …        # raise Forbidden
    def state(self): …            # the state frame, or None
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar, Self

from django.core.exceptions import ImproperlyConfigured

from realtime import topics
from realtime.commands import Command, commands_of
from realtime.errors import UnknownChannel
from realtime.events import Event
from realtime.tallies import Amount
from realtime.topics import Topic

_PARAMETER = re.compile(r"<([a-z_]+)>")


class Channel:
    """One user's view of one channel: which topics, with what right, and its commands.

    Methods other than ``async`` commands run on a thread and may use the database.
    """

    channel: ClassVar[str] = ""  # "messages/<chat_id>"
    several_topics: ClassVar[bool] = False  # its cursors are horizons then
    covers: ClassVar[tuple[str, ...]] = ()  # channels, as declared, whose events are heard here, too
    state_follows_topics: ClassVar[bool] = False  # it is told anew when the topics changed
    commands: ClassVar[dict[str, Command]] = {}
    pattern: ClassVar[re.Pattern[str]]
    prepared: Any  # what `prepare` returned, while the snapshot lasts in which it ran

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.commands = commands_of(cls)
        if "channel" in vars(cls):
            _register(cls)

    def __init__(self, *, user: Any, params: Mapping[str, str], socket_id: str = "") -> None:
        self.user = user
        self.params = params
        self.socket_id = socket_id
        self.is_open = False
        self.name = _PARAMETER.sub(lambda match: params[match[1]], self.channel)

    @classmethod
    def prepare(cls, channels: Sequence[Self]) -> Any:
        """What these need, read for all at once: they are about to be asked `authorize`, `floors`, `hides`,
        `tallies` and `state`, in the snapshot in which this runs. Meanwhile each has it as ``prepared``."""

    def topics(self) -> Iterable[Topic]:
        """The streams that this user now hears here. A channel that is not `several_topics` has
        exactly one, known without the database.

        Raises:
            Forbidden: the channel's name makes no sense.
        """
        raise NotImplementedError(f"{type(self).__name__} must say its topics()")

    def authorize(self) -> None:
        """Runs in the same snapshot as the replay, so that no revocation falls between.

        Raises:
            Forbidden: the user has no right to this channel.
        """

    def floors(self) -> Mapping[str, int]:
        """For topics of which the user may not see the beginning: the last hidden seq."""
        return {}

    def hides(self) -> Iterable[Any]:
        """Keys of users whose acts (`Event.actor`) this user is not told of here: who blocked whom."""
        return ()

    def tallies(self) -> Iterable[tuple[Any, str, Amount]]:
        """What those whom it `hides` add now to the totals told here (`Event.tally`): their key, the
        counter and how much. Runs in the snapshot of `hides`."""
        return ()

    def state(self) -> Event | dict[str, Any] | None:
        """What is true now, as a frame; told after the replay and after an outage."""
        return None

    @classmethod
    def has_state(cls) -> bool:
        return cls.state is not Channel.state

    def topic_names(self) -> list[str]:
        """Names of all streams behind this channel, the one for `broadcast` included."""
        names = [topic.name for topic in self.topics()]
        return [*names, topics.everyone(self.name).name] if self.several_topics else names

    @cached_property
    def only_topic(self) -> str:
        """The name of its one stream; "" where it has several."""
        return "" if self.several_topics else next(iter(self.topics())).name

    def state_frame(self) -> dict[str, Any] | None:
        state = self.state()
        if state is None:
            return None
        frame = state.frame(None) if isinstance(state, Event) else dict(state)
        return {"type": frame.pop("type"), "channel": self.name, **frame}


registry: dict[str, type[Channel]] = {}


def _register(cls: type[Channel]) -> None:
    where = f"{cls.__module__}.{cls.__qualname__}"
    if other := registry.get(cls.channel):
        raise ImproperlyConfigured(
            f"{where} and {other.__module__}.{other.__qualname__} both declare the channel {cls.channel!r}."
        )
    parts: Sequence[str] = _PARAMETER.split(cls.channel)
    named = [f"(?P<{part}>[^/]+)" if index % 2 else re.escape(part) for index, part in enumerate(parts)]
    cls.pattern = re.compile("".join(named) + r"\Z")
    registry[cls.channel] = cls


def find(name: str) -> tuple[type[Channel], dict[str, str]]:
    """The class and parameters of a channel's name.

    Raises:
        UnknownChannel: no app declares such a channel.
    """
    for cls in registry.values():
        if match := cls.pattern.match(name):
            return cls, match.groupdict()
    raise UnknownChannel(f"No such channel: {name[:80]!r}.")


def broadcast_topic(name: str) -> Topic:
    """The topic that everyone who has this channel open hears.

    Raises:
        UnknownChannel: no app declares such a channel.
    """
    cls, params = find(name)
    if cls.several_topics:
        return topics.everyone(name)
    return next(iter(cls(user=None, params=params).topics()))
