"""Rates (PROTOCOL §7): moving windows in memory, or in Redis so that they hold across processes.

The `limits` library counts. Where Redis does not answer, the limit is not enforced: a broker
that is away must not stop people from talking. Of what people do often, their commands and signals, a process
takes some uses ahead: most commands then wait for nobody, and a limit is exact but for a twentieth of it for
each process that the same person uses.
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
AHEAD_OF, MOST_AHEAD = 20, 10  # a twentieth of the limit, and no more than ten uses
MOST_KEPT = 10_000  # rates and keys of which some are
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
    """One use of the rate ``name`` (a setting) by ``key``. Not ``spend``: it is only asked about. ``often``:
    `acheck` may take others of this key ahead."""

    name: str
    key: tuple[Any, ...]
    spend: bool = True
    often: bool = False

    @property
    def item(self) -> RateLimitItemPerMinute:
        return RateLimitItemPerMinute(setting(self.name), namespace=f"kith.{self.name}")

    @property
    def amount(self) -> int:
        """How many are taken from Redis at once."""
        return max(1, min(MOST_AHEAD, setting(self.name) // AHEAD_OF)) if self.often else 1

    @property
    def parts(self) -> list[str]:
        return [str(part) for part in self.key]


def of_command(user_key: Any) -> Use:
    """One command or REST write that changes something."""
    return Use("KITH_COMMANDS_PER_MINUTE", (user_key,), often=True)


def of_signal(user_key: Any) -> Use:
    """One signal: typing, a read mark."""
    return Use("KITH_SIGNALS_PER_MINUTE", (user_key,), often=True)


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
    answer = _check_each([use._replace(often=False)])[0]
    if isinstance(answer, Exception):
        raise answer


def count(use: Use) -> None:
    """Count it, and let it pass. May block on Redis."""
    _check_each([use._replace(often=False)])


async def acheck(*uses: Use) -> None:
    """`check` of each for the event loop: where it may block on a thread, in one round trip with all that are
    asked meanwhile. Raises as `check`."""
    if not setting("REDIS_URL"):
        for use in uses:
            check(use)
        return
    gatherer = _gatherer(asyncio.get_running_loop())
    asked = [(use, gatherer.submit(use)) for use in uses if setting(use.name) and not _ahead.take(use)]
    try:
        for use, granted in asked:
            _ahead.keep(use, await granted - 1)
    finally:
        for _, granted in asked:
            if not granted.cancel() and not granted.cancelled():
                granted.exception()  # a second refusal, which nobody waits for


async def acount(use: Use) -> None:
    """`count` for the event loop."""
    with contextlib.suppress(RateLimited):
        await acheck(use)


@functools.lru_cache(maxsize=1)
def _gatherer(_loop: asyncio.AbstractEventLoop) -> Gatherer[Use, int]:
    """One for each loop, of which there is one, but in tests."""
    return Gatherer(_check_each)


class _Ahead:
    """Uses that were counted already, by rate and key, with the moment (monotonic) when they expire."""

    def __init__(self) -> None:
        self._kept: dict[tuple[Any, ...], tuple[int, float]] = {}

    def take(self, use: Use) -> bool:
        """Whether there was one."""
        place = use[:2]
        if not use.often or place not in self._kept:
            return False
        left, until = self._kept.pop(place)
        if time.monotonic() > until:
            return False
        self.keep(use, left - 1, until)
        return True

    def keep(self, use: Use, number: int, until: float | None = None) -> None:
        """Those who have done nothing for longest are forgotten, where there are too many."""
        if number > 0:
            self._kept[use[:2]] = number, until or time.monotonic() + use.item.get_expiry()
            if len(self._kept) > MOST_KEPT:
                del self._kept[next(iter(self._kept))]

    def clear(self) -> None:
        self._kept.clear()


_ahead = _Ahead()


def _check_each(uses: list[Use]) -> list[int | Exception]:
    """Of each how many were granted, or that none was."""
    answers: list[int | Exception] = [1] * len(uses)
    counted = [(place, use) for place, use in enumerate(uses) if setting(use.name)]
    if not counted or time.monotonic() < _resting_until[0]:
        return answers
    try:
        for (place, use), granted in zip(counted, _grant([use for _, use in counted]), strict=True):
            answers[place] = granted or RateLimited(retry_after=_retry_after(use))
    except Exception as error:  # noqa: BLE001  # the storage's errors are of its library
        logger.warning("rates are not enforced for %s s: %s", REST_S, error)
        _resting_until[0] = time.monotonic() + REST_S
        return [1] * len(uses)
    return answers


def _grant(uses: list[Use]) -> list[int]:
    limiter = _limiter()
    if not isinstance(limiter.storage, RedisStorage):
        return [int((limiter.hit if use.spend else limiter.test)(use.item, *use.parts)) for use in uses]
    granted = _grant_by_redis(limiter.storage, uses)
    # Near its limit somebody has no more ahead.
    single = [place for place, use in enumerate(uses) if use.amount > 1 and not granted[place]]
    if single:
        again = [uses[place]._replace(often=False) for place in single]
        for place, number in zip(single, _grant_by_redis(limiter.storage, again), strict=True):
            granted[place] = number
    return granted


def _grant_by_redis(storage: RedisStorage, uses: list[Use]) -> list[int]:
    """By the library's own scripts, all in one round trip: it would make one for each."""
    client: Any = storage.get_connection()  # a redis.Redis; the library's own type lacks its pipelines
    pipeline = client.pipeline(transaction=False)
    now = time.time()
    for use in uses:
        item = use.item
        key = storage.prefixed_key(item.key_for(*use.parts))
        if use.spend:
            storage.lua_acquire_moving_window(
                [key], [now, item.amount, item.get_expiry(), use.amount], client=pipeline
            )
        else:
            storage.lua_moving_window([key], [now - item.get_expiry(), item.amount], client=pipeline)
    return [
        use.amount * bool(answer) if use.spend else int(not answer or answer[1] < use.item.amount)
        for use, answer in zip(uses, pipeline.execute(), strict=True)
    ]


def _retry_after(use: Use) -> int:
    reset = _limiter().get_window_stats(use.item, *use.parts).reset_time
    return max(1, math.ceil(reset - time.time()))


def forget() -> None:
    """Start to count anew: tests, and a changed REDIS_URL."""
    _limiter.cache_clear()
    _ahead.clear()
    _resting_until[0] = 0.0
