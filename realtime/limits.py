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
from collections.abc import Callable
from typing import Any

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


def check(name: str, *key: Any) -> None:
    """Count one use of the rate ``name`` (a setting) by ``key``. May block on Redis.

    Raises:
        RateLimited: too many within a minute; ``retry_after`` in whole seconds.
    """
    _count(name, key, spend=True)


def _count(name: str, key: tuple[Any, ...], *, spend: bool) -> None:
    amount = setting(name)
    if not amount:
        return
    item = RateLimitItemPerMinute(amount, namespace=f"kith.{name}")
    parts = [str(part) for part in key]
    if time.monotonic() < _resting_until[0]:
        return
    try:
        limiter = _limiter()
        allowed = limiter.hit(item, *parts) if spend else limiter.test(item, *parts)
        reset = 0.0 if allowed else limiter.get_window_stats(item, *parts).reset_time
    except Exception as error:  # noqa: BLE001  # the storage's errors are of its library
        logger.warning("rates are not enforced for %s s: %s", REST_S, error)
        _resting_until[0] = time.monotonic() + REST_S
        return
    if not allowed:
        raise RateLimited(retry_after=max(1, math.ceil(reset - time.time())))


async def off_loop(check_or_count: Callable[..., None], *arguments: Any) -> None:
    """Call one of this module's functions from the event loop: on a thread where it may block, with others
    that are called meanwhile.

    Raises:
        RateLimited: as the function does.
    """
    if setting("REDIS_URL"):
        await _gatherer(asyncio.get_running_loop()).ask(functools.partial(check_or_count, *arguments))
    else:
        check_or_count(*arguments)


@functools.lru_cache(maxsize=1)
def _gatherer(_loop: asyncio.AbstractEventLoop) -> Gatherer[Callable[[], None], None]:
    """One for each loop, of which there is one, but in tests."""
    return Gatherer(_call_each)


def _call_each(calls: list[Callable[[], None]]) -> list[Exception | None]:
    answers: list[Exception | None] = []
    for call in calls:
        try:
            call()
        except RateLimited as error:
            answers.append(error)
        else:
            answers.append(None)
    return answers


def check_command(user_key: Any) -> None:
    """One command or REST write that changes something.

    Raises:
        RateLimited: the user's rate is spent.
    """
    check("KITH_COMMANDS_PER_MINUTE", user_key)


def check_auth_failures(ip: str) -> None:
    """Whether this address may try to sign in at all.

    Raises:
        RateLimited: it failed too often.
    """
    _count("KITH_AUTH_FAILURES_PER_MINUTE", (ip,), spend=False)


def count_auth_failure(ip: str) -> None:
    """A token or password was refused."""
    with contextlib.suppress(RateLimited):  # it is spent already; `check_auth_failures` says so
        check("KITH_AUTH_FAILURES_PER_MINUTE", ip)


def forget() -> None:
    """Start to count anew: tests, and a changed REDIS_URL."""
    _limiter.cache_clear()
    _resting_until[0] = 0.0
