"""Names of topics and groups: the only place where they are spelled.

A topic is one ordered stream of the log; its frames name one channel, so that a frame is
encoded once and is the same bytes for everyone.
"""

from __future__ import annotations

import functools
import re
from typing import Any, NamedTuple

MAX_NAME = 90  # the log has room for 100
_HERE = "here"
_SAFE = re.compile(r"[A-Za-z0-9_.-]+\Z")


class Topic(NamedTuple):
    """``name`` orders events in the log; ``channel`` is what the client's frames say."""

    name: str
    channel: str


@functools.lru_cache(maxsize=10_000, typed=True)  # of each message, of each opening
def named(*parts: object, channel: str) -> Topic:
    """The topic ``a.b.c`` from its parts, for an app's own kinds: ``named("game", 5, channel="games/5")``.

    Raises:
        ValueError: a part holds other than letters, digits, ``_``, ``-``, or the name is too long.
    """
    name = ".".join(str(part) for part in parts)
    if not _SAFE.match(name) or len(name) > MAX_NAME:
        raise ValueError(
            f"{name!r} cannot be a topic name: letters, digits, '_', '-' and '.', {MAX_NAME} at most."
        )
    return Topic(name, channel)


def here(*parts: object, channel: str) -> Topic:
    """A topic of which every process tells its own sockets, by ``hub.receive``: nothing of it is logged or
    sent to other processes, and to have many of them open costs neither. Raises as `named`."""
    return named(_HERE, *parts, channel=channel)


def is_here(topic_name: str) -> bool:
    """Whether the topic is one of `here`'s."""
    return topic_name.startswith(f"{_HERE}.")


def chat(chat_id: int) -> Topic:
    """What is said in one chat."""
    return named("chat", chat_id, channel=f"messages/{chat_id}")


def user(user_key: Any, channel: str) -> Topic:
    """One user's own stream on a channel, on all the user's devices."""
    return named("user", user_key, channel, channel=channel)


def author(user_key: Any) -> Topic:
    """Posts and what belongs to them, read by the author's connections."""
    return named("author", user_key, channel="feed")


def control(user_key: Any) -> Topic:
    """Never sent to clients: tells a user's open sockets that rights or sign-ins changed."""
    return named("user", user_key, "control", channel="")


def everyone(channel: str) -> Topic:
    """Everyone who has this channel open (for ``broadcast``)."""
    return named("channel", channel.replace("/", "."), channel=channel)


def bundles(number: int) -> str:
    """A Channels group in which every process hears every other."""
    return f"kith.bundles.{number}"
