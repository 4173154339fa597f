"""The runner of this process, where it is a server: started and told by the core's signals."""

from __future__ import annotations

from typing import Any

from presence.memory import MemoryStore
from presence.redis_store import RedisStore
from presence.runner import Runner
from realtime.conf import setting
from realtime.hub import Hub

_runners: dict[Hub, Runner] = {}  # one, but in tests


def current() -> Runner | None:
    """The runner of this process; None where it is no server. Thread-safe."""
    return next(reversed(list(_runners.values())), None)


def hub_started(hub: Hub, **_: Any) -> None:
    url = setting("REDIS_URL")
    _runners[hub] = Runner(hub, RedisStore(url) if url else MemoryStore())
    _runners[hub].start()


def hub_stopping(hub: Hub, **_: Any) -> None:
    _runners.pop(hub, None)


def user_came(hub: Hub, user_key: str, **_: Any) -> None:
    if runner := _runners.get(hub):
        runner.came(user_key)


def user_left(hub: Hub, user_key: str, **_: Any) -> None:
    if runner := _runners.get(hub):
        runner.left(user_key)
