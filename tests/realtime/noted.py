"""An event for tests of the core, on any topic. It is not registered: the registry is the project's."""

from __future__ import annotations

from typing import Any, ClassVar

from realtime import topics
from realtime.events import Delivery, Event
from realtime.topics import Topic


class Noted(Event):
    """Somebody wrote ``text``, in a ``chat`` or ``on`` a topic of its own. The other fields are what it says
    of itself."""

    hidden: ClassVar[tuple[str, ...]] = ("chat", "on", "about", "by", "loses", "gains", "keep_from")
    text: str
    chat: int | None = None
    on: str = "a"
    about: str = ""
    by: Any = None
    loses: Any = None
    gains: Any = None
    keep_from: tuple[Any, ...] = ()

    def topic(self) -> Topic:
        if self.chat is not None:
            return topics.chat(self.chat)
        return topics.named("notes", self.on, channel=f"notes/{self.on}")

    def subject(self) -> str:
        return self.about

    def actor(self) -> Any:
        return self.by

    def revokes(self) -> Any:
        return self.loses

    def grants(self) -> Any:
        return self.gains

    def withheld_from(self) -> tuple[Any, ...]:
        return self.keep_from


class Corrected(Noted):
    """What was written is something else now."""

    rewrites = ("text",)


class Removed(Noted):
    """What was written is gone; ``text`` says who removed it, in no earlier frame."""

    rewrites = ("text", "picture")


class Passed(Noted):
    """Told once, to whoever listens."""

    delivery = Delivery.EPHEMERAL


class Standing(Noted):
    """Only the newest of its ``about`` matters."""

    delivery = Delivery.LATEST

    def key(self) -> str:
        return self.about


for _event in (Noted, Corrected, Removed, Passed, Standing):
    _event.type = _event.__name__.lower()
