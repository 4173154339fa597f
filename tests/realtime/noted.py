"""An event for tests of the core, on any topic. It is not registered: the registry is the project's."""

from __future__ import annotations

from typing import Any

from realtime import topics
from realtime.events import Delivery, Event
from realtime.topics import Topic


class Noted(Event):
    """Somebody wrote ``text``, ``about`` something. The other fields are what the log is told."""

    hidden = ("on", "about", "by", "loses", "gains")
    text: str
    on: str = "a"
    about: str = ""
    by: Any = None
    loses: Any = None
    gains: Any = None

    def topic(self) -> Topic:
        return topics.named("notes", self.on, channel=f"notes/{self.on}")

    def subject(self) -> str:
        return self.about

    def actor(self) -> Any:
        return self.by

    def revokes(self) -> Any:
        return self.loses

    def grants(self) -> Any:
        return self.gains


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
