"""Rates (PROTOCOL §7): moving windows in memory, or in Redis so that they hold across processes.

The `limits` library counts. Where Redis does not answer, the limit is not enforced: a broker
that is away must not stop people from talking.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
import math
import time
from typing import Any, NamedTuple

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage, RedisStorage, Storage
from limits.strategies import MovingWindowRateLimiter

from realtime import redis_servers
from realtime.conf import setting
from realtime.errors import RateLimited
from realtime.gathering import Gatherer

logger = logging.getLogger("kith.limits")

REDIS_TIMEOUT_S = 0.5
REST_S = 5.0  # not asked again for so long after a failure: each command would wait out the timeout

_resting_until = [0.0]  # monotonic seconds


@functools.cache
def _limiter() -> MovingWindowRateLimiter:
    return MovingWindowRateLimiter(_storage())


def _storage() -> Storage:
    url = setting("REDIS_URL")
    if not url:
        return MemoryStorage()
    client = redis_servers.client(url, socket_timeout=REDIS_TIMEOUT_S, socket_connect_timeout=REDIS_TIMEOUT_S)
    return RedisStorage("redis://", connection_pool=client.connection_pool, wrap_exceptions=True)


class Use(NamedTuple):
    """One use of the rate ``name`` (a setting) by ``key``. Not ``spend``: it is only asked about."""

    name: str
    key: tuple[Any, ...]
    spend: bool = True

    @property
    def item(self) -> RateLimitItemPerMinute:
        return RateLimitItemPerMinute(setting(self.name), namespace=f"kith.{self.name}")

    @property
    def parts(self) -> list[str]:
        return [str(part) for part in self.key]


def of_command(user_key: Any) -> Use:
    """One command or REST write that changes something."""
    return Use("KITH_COMMANDS_PER_MINUTE", (user_key,))


def of_auth_failure(ip: str) -> Use:
    """A token or password was refused."""
    return Use("KITH_AUTH_FAILURES_PER_MINUTE", (ip,))


def of_sign_in(ip: str) -> Use:
    """Whether this address may try to sign in at all: it may have failed too often."""
    return of_auth_failure(ip)._replace(spend=False)


def check(use: Use) -> None:
    """Count it. May block on Redis.

    Raises:
        RateLimited: too many within a minute; ``retry_after`` in whole seconds.
    """
    if (error := _check_each([use])[0]) is not None:
        raise error


def count(use: Use) -> None:
    """Count it, and let it pass. May block on Redis."""
    _check_each([use])


async def acheck(use: Use) -> None:
    """`check` for the event loop: where it may block on a thread, in one round trip with all that are asked
    meanwhile. Raises as `check`."""
    if setting("REDIS_URL"):
        if setting(use.name):
            await _gatherer(asyncio.get_running_loop()).ask(use)
    else:
        check(use)


async def acount(use: Use) -> None:
    """`count` for the event loop."""
    with contextlib.suppress(RateLimited):
        await acheck(use)


@functools.lru_cache(maxsize=1)
def _gatherer(_loop: asyncio.AbstractEventLoop) -> Gatherer[Use, None]:
    """One for each loop, of which there is one, but in tests."""
    return Gatherer(_check_each)


def _check_each(uses: list[Use]) -> list[Exception | None]:
    answers: list[Exception | None] = [None] * len(uses)
    counted = [(place, use) for place, use in enumerate(uses) if setting(use.name)]
    if not counted or time.monotonic() < _resting_until[0]:
        return answers
    try:
        allowed = _allowed([use for _, use in counted])
        refused = [each for each, is_allowed in zip(counted, allowed, strict=True) if not is_allowed]
        for place, use in refused:
            answers[place] = RateLimited(retry_after=_retry_after(use))
    except Exception as error:  # noqa: BLE001  # the storage's errors are of its library
        logger.warning("rates are not enforced for %s s: %s", REST_S, error)
        _resting_until[0] = time.monotonic() + REST_S
        return [None] * len(uses)
    return answers


def _allowed(uses: list[Use]) -> list[bool]:
    limiter = _limiter()
    if isinstance(limiter.storage, RedisStorage):
        return _allowed_by_redis(limiter.storage, uses)
    return [(limiter.hit if use.spend else limiter.test)(use.item, *use.parts) for use in uses]


def _allowed_by_redis(storage: RedisStorage, uses: list[Use]) -> list[bool]:
    """By the library's own scripts, all in one round trip: it would make one for each."""
    client: Any = storage.get_connection()  # a redis.Redis; the library's own type lacks its pipelines
    pipeline = client.pipeline(transaction=False)
    now = time.time()
    for use in uses:
        item = use.item
        key = storage.prefixed_key(item.key_for(*use.parts))
        if use.spend:
            storage.lua_acquire_moving_window(
                [key], [now, item.amount, item.get_expiry(), 1], client=pipeline
            )
        else:
            storage.lua_moving_window([key], [now - item.get_expiry(), item.amount], client=pipeline)
    return [
        bool(answer) if use.spend else not answer or answer[1] < use.item.amount
        for use, answer in zip(uses, pipeline.execute(), strict=True)
    ]


def _retry_after(use: Use) -> int:
    reset = _limiter().get_window_stats(use.item, *use.parts).reset_time
    return max(1, math.ceil(reset - time.time()))


def forget() -> None:
    """Start to count anew: tests, and a changed REDIS_URL."""
    _limiter.cache_clear()
    _resting_until[0] = 0.0
