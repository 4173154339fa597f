"""Presence of all processes: `PresenceStore` in Redis.

Each call is one Lua script, so that it is one moment for everybody, by Redis' own clock. Keys:

    epoch            random text; missing or another: the store was lost
    holders          sorted set of holders by the end of their leases, ms
    held:<holder>    set of its users
    holds            hash: by how many holders a user is held
    people           hash: the status of everyone who is online
    changes:<epoch>  stream of changes, ids are their numbers; number: the last one
    swept            when the last sweep was
"""

from __future__ import annotations

import functools
import secrets
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, ClassVar

import redis
import redis.asyncio
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from presence.store import (
    CHANGES_KEPT,
    Change,
    ChangesMissed,
    Everyone,
    Held,
    PresenceStore,
    Status,
    StoreAway,
    StoreLost,
)
from realtime.redis_servers import async_client, client

PREFIX = "kith:{presence}:"  # in braces: one slot of a Redis cluster
TIMEOUT_S = 3.0
CHUNK = 1000  # users of one script: Redis does nothing else while it runs
READ = 1000  # changes of one read


class RedisStore(PresenceStore):
    """One process's way to the store. The async methods belong to one event loop."""

    shared: ClassVar[bool] = True

    def __init__(self, url: str) -> None:
        self._url = url
        self._epoch = ""
        self._client: Any = async_client(
            url,
            decode_responses=True,
            protocol=2,
            socket_timeout=TIMEOUT_S,
            socket_connect_timeout=TIMEOUT_S,
            retry=AsyncRetry(NoBackoff(), 0),  # whoever calls tries again, knowing that it failed
        )
        self._scripts = {name: self._client.register_script(_COMMON + body) for name, body in _BODIES.items()}

    async def hold(
        self, holder: str, users: Mapping[str, Status], *, lease_s: float, returned: bool = False
    ) -> Held:
        lapsed, hidden = False, []
        for some in _chunks(users.items()) if users else [[]]:
            pairs = [text for pair in some for text in pair]
            new, hid = await self._run("hold", holder, _ms(lease_s), int(returned), *pairs)
            lapsed = lapsed or bool(new)
            hidden += _hidden(hid, Status.INVISIBLE)
        return Held(lapsed, hidden)

    async def release(self, holder: str, users: Iterable[str]) -> list[Change]:
        hidden: list[Change] = []
        for some in _chunks(users):
            [hid] = await self._run("release", holder, *some)
            hidden += _hidden(hid)
        return hidden

    async def mark(self, user: str, status: Status) -> list[Change] | None:
        known, hid = await self._run("mark", user, status)
        return _hidden(hid, status) if known else None

    async def sweep(self, *, quiet_s: float) -> list[Change]:
        [hid] = await self._run("sweep", _ms(quiet_s))
        return _hidden(hid)

    async def everyone(self) -> Everyone:
        position, at, flat = await self._run("everyone")
        return Everyone(int(position), at, dict(zip(flat[::2], map(Status, flat[1::2]), strict=True)))

    async def changes(self, after: int, *, wait_s: float) -> list[Change]:
        wanted = {f"{PREFIX}changes:{self._epoch}": f"{after}-0"}
        try:
            reply = await self._client.xread(wanted, count=READ, block=_ms(wait_s))
        except (RedisError, OSError) as error:
            raise StoreAway(f"{type(error).__name__}: {error}") from error
        if not reply:
            return []
        [(_, rows)] = reply
        if rows[0][0] != f"{after + 1}-0":
            raise ChangesMissed
        return [Change(row["user"], _status(row["status"]), _at(row["at"])) for _, row in rows]

    def statuses(self, users: Iterable[str]) -> dict[str, Status]:
        if not (names := list(users)):
            return {}
        try:
            found: Any = _blocking(self._url).hmget(f"{PREFIX}people", names)
        except (RedisError, OSError) as error:
            raise StoreAway(f"{type(error).__name__}: {error}") from error
        return {name: Status(text) for name, text in zip(names, found, strict=True) if text}

    async def close(self) -> None:
        await self._client.aclose()

    async def _run(self, name: str, *arguments: Any) -> list[Any]:
        known = self._epoch
        try:
            epoch, *reply = await self._scripts[name](
                keys=[PREFIX], args=[known, secrets.token_hex(4), *arguments]
            )
        except (RedisError, OSError) as error:
            raise StoreAway(f"{type(error).__name__}: {error}") from error
        self._epoch = epoch
        if known and known != epoch:
            raise StoreLost
        return reply


@functools.cache
def _blocking(url: str) -> redis.Redis:
    """For threads; it keeps a pool of its own."""
    return client(
        url,
        decode_responses=True,
        protocol=2,
        socket_timeout=TIMEOUT_S,
        socket_connect_timeout=TIMEOUT_S,
        retry=Retry(NoBackoff(), 0),
    )


def _ms(seconds: float) -> int:
    return int(seconds * 1000)


def _at(text: str | int) -> int:
    return int(float(text))


def _status(text: str) -> Status | None:
    return Status(text) if text else None


def _hidden(flat: list[Any], status: Status | None = None) -> list[Change]:
    return [Change(user, status, _at(at)) for user, at in zip(flat[::2], flat[1::2], strict=True)]


def _chunks(items: Iterable[Any]) -> Iterator[list[Any]]:
    rest = iter(items)
    while some := list(islice(rest, CHUNK)):
        yield some


# Every script answers {epoch, …}, and does nothing where the caller knows another epoch.
_COMMON = f"""
local p, known = KEYS[1], ARGV[1]
local epoch = redis.call('GET', p .. 'epoch')
if not epoch then
  epoch = ARGV[2]
  redis.call('SET', p .. 'epoch', epoch)
end
if known ~= '' and known ~= epoch then return {{epoch}} end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local holders, holds, people = p .. 'holders', p .. 'holds', p .. 'people'
local hidden = {{}}

local function hide(user, at)
  hidden[#hidden + 1] = user
  hidden[#hidden + 1] = at
end

local function tell(user, status, at)
  local number = redis.call('INCR', p .. 'number')
  redis.call('XADD', p .. 'changes:' .. epoch, 'MAXLEN', '~', {CHANGES_KEPT}, number .. '-0',
             'user', user, 'status', status, 'at', at)
end

local function become(user, status)
  local before = redis.call('HGET', people, user)
  if before == status then return end
  redis.call('HSET', people, user, status)
  tell(user, status, now)
  if before and status == 'invisible' then hide(user, now) end
end

local function drop(holder, user, at)
  if redis.call('SREM', p .. 'held:' .. holder, user) == 0 then return end
  if redis.call('HINCRBY', holds, user, -1) > 0 then return end
  redis.call('HDEL', holds, user)
  local before = redis.call('HGET', people, user)
  redis.call('HDEL', people, user)
  tell(user, '', at)
  if before ~= 'invisible' then hide(user, at) end
end
"""

_BODIES = {
    "hold": """
local holder, ends = ARGV[3], now + ARGV[4]
local lapsed = redis.call('ZSCORE', holders, holder) and 0 or 1
if ARGV[5] == '1' then
  for _, other in ipairs(redis.call('ZRANGEBYSCORE', holders, '-inf', ends)) do
    redis.call('ZADD', holders, ends, other)
  end
end
redis.call('ZADD', holders, ends, holder)
for i = 6, #ARGV, 2 do
  local user, status = ARGV[i], ARGV[i + 1]
  if redis.call('SADD', p .. 'held:' .. holder, user) == 1 then
    redis.call('HINCRBY', holds, user, 1)
  end
  if status == 'invisible' or redis.call('HEXISTS', people, user) == 0 then
    become(user, status)
  end
end
return {epoch, lapsed, hidden}
""",
    "release": """
for i = 4, #ARGV do drop(ARGV[3], ARGV[i], now) end
return {epoch, hidden}
""",
    "mark": """
if redis.call('HEXISTS', people, ARGV[3]) == 0 then return {epoch, 0, hidden} end
become(ARGV[3], ARGV[4])
return {epoch, 1, hidden}
""",
    "sweep": """
local before = redis.call('GET', p .. 'swept')
redis.call('SET', p .. 'swept', now)
if not before or now - before > tonumber(ARGV[3]) then return {epoch, hidden} end
local ended = redis.call('ZRANGEBYSCORE', holders, '-inf', now, 'WITHSCORES')
for i = 1, #ended, 2 do
  for _, user in ipairs(redis.call('SMEMBERS', p .. 'held:' .. ended[i])) do
    drop(ended[i], user, ended[i + 1])
  end
  redis.call('ZREM', holders, ended[i])
end
return {epoch, hidden}
""",
    "everyone": """
return {epoch, redis.call('GET', p .. 'number') or 0, now, redis.call('HGETALL', people)}
""",
}
