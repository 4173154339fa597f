"""Where Redis is: what ``REDIS_URL`` may say, for everything that uses it. Settings import it.

redis://[[user]:password@]host:6379/0      one server; rediss:// speaks TLS
redis://one:6379,redis://two:6379          several: topics are spread over them; presence and rates are
                                           kept in the first
redis+sentinel://[:password@]one:26379,two:26379/mymaster[/0][?sentinel_password=…]
                                           whichever server the sentinels call the master
"""

from __future__ import annotations

import binascii
import re
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

import redis
import redis.asyncio
import redis.asyncio.sentinel
import redis.sentinel
from django.core.exceptions import ImproperlyConfigured

SENTINEL = "redis+sentinel"
SCHEMES = ("redis", "rediss", "unix")
_HOST = r"[^:,/@]+(?::[0-9]+)?"
_SENTINELS = re.compile(
    rf"{re.escape(SENTINEL)}://(?:(?P<username>[^:@]*):(?P<password>[^@]*)@)?(?P<hosts>{_HOST}(?:,{_HOST})*)"
    r"/(?P<master>[^/?]+)(?:/(?P<db>[0-9]+))?(?:\?sentinel_password=(?P<own_password>.+))?\Z"
)


class Sentinels(NamedTuple):
    """The watchers of one master."""

    addresses: list[tuple[str, int]]
    master: str
    options: dict[str, Any]  # of the connections to it
    own_options: dict[str, Any]  # of those to the sentinels


def split(text: str) -> list[str]:
    """The servers of a ``REDIS_URL``, one for most.

    Raises:
        ImproperlyConfigured: it is none of the forms above.
    """
    if text.startswith(f"{SENTINEL}://"):
        sentinels(text)
        return [text]
    urls = [part.strip() for part in text.split(",")]
    for number, url in enumerate(urls, 1):
        if urlsplit(url).scheme not in SCHEMES:  # which is not told: it may hold a password
            raise ImproperlyConfigured(
                f"REDIS_URL: number {number} of {len(urls)} is no Redis URL; expected redis://host:6379/0, "
                "rediss://…, several of them with commas between, or redis+sentinel://host:26379/master."
            )
    return urls


def sentinels(url: str) -> Sentinels:
    """The parts of a ``redis+sentinel://`` URL.

    Raises:
        ImproperlyConfigured: it does not have the form above.
    """
    found = _SENTINELS.match(url)
    if found is None:
        raise ImproperlyConfigured(
            "REDIS_URL does not have the form redis+sentinel://host:26379,host:26379/master/0."
        )
    named = [host.partition(":") for host in found["hosts"].split(",")]
    login = {name: unquote(found[name]) for name in ("username", "password") if found[name]}
    own = {name: unquote(value) for name, value in [("password", found["own_password"])] if value}
    addresses = [(host, int(port or 26379)) for host, _, port in named]
    return Sentinels(addresses, found["master"], login | {"db": int(found["db"] or 0)}, own)


def layer_hosts(text: str) -> list[str | dict[str, Any]]:
    """``hosts`` of channels-redis for this ``REDIS_URL``."""
    hosts: list[str | dict[str, Any]] = []
    for url in split(text):
        if not url.startswith(f"{SENTINEL}://"):
            hosts.append(url)
            continue
        addresses, master, options, own = sentinels(url)
        hosts.append({"sentinels": addresses, "master_name": master, "sentinel_kwargs": own, **options})
    return hosts


def shard(name: str, count: int) -> int:
    """Which of ``count`` servers carries a group, as channels-redis spreads them."""
    return int((binascii.crc32(name.encode()) & 0xFFF) * count / 4096)


def client(text: str, **options: Any) -> redis.Redis:
    """A client of the server that holds presence and rates."""
    url = split(text)[0]
    if not url.startswith(f"{SENTINEL}://"):
        return redis.Redis.from_url(url, **options)
    addresses, master, login, own = sentinels(url)
    watchers: Any = redis.sentinel.Sentinel(addresses, sentinel_kwargs=own | _timeouts(options))  # type: ignore[no-untyped-call]
    found: redis.Redis = watchers.master_for(master, **login, **options)
    return found


def async_client(text: str, **options: Any) -> redis.asyncio.Redis:
    """The same for an event loop."""
    url = split(text)[0]
    if not url.startswith(f"{SENTINEL}://"):
        return redis.asyncio.Redis.from_url(url, **options)
    addresses, master, login, own = sentinels(url)
    watchers: Any = redis.asyncio.sentinel.Sentinel(addresses, sentinel_kwargs=own | _timeouts(options))  # type: ignore[no-untyped-call]
    found: redis.asyncio.Redis = watchers.master_for(master, **login, **options)
    return found


def _timeouts(options: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if "timeout" in name}
