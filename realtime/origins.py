"""Which pages may open sockets (PROTOCOL §2): the host's own, and those that a setting names.

A client without an ``Origin`` header is no browser and may come. A foreign page is refused in
the handshake (403), the only refusal before a socket is accepted.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from realtime.conf import setting

_DEFAULT_PORTS = {"http": 80, "ws": 80, "https": 443, "wss": 443}


def header(scope: Mapping[str, Any], name: bytes) -> str | None:
    """The first header of this name; HTTP's bytes are Latin-1."""
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), None)


def same_origin(scope: Mapping[str, Any]) -> bool:
    """Whether an ``Origin`` was sent and is the host that the socket is opened on."""
    origin, host = header(scope, b"origin"), header(scope, b"host")
    place = _place(origin or "")
    return place is not None and place == _place(f"{place[0]}://{host}")


def allowed(scope: Mapping[str, Any], origins: Iterable[str]) -> bool:
    """Whether a socket may be opened from where this one comes."""
    origin = header(scope, b"origin")
    if origin is None or same_origin(scope):
        return True
    place = _place(origin)
    return place is not None and any(_place(other) == place for other in origins)


def _place(origin: str) -> tuple[str, str, int] | None:
    """Scheme, host and port, or None for "null" and what makes no sense."""
    try:
        parts = urlsplit(origin.lower())
        port = parts.port or _DEFAULT_PORTS.get(parts.scheme)
    except ValueError:
        return None
    return (parts.scheme, parts.hostname, port) if parts.hostname and port else None


class OriginMiddleware:
    """Refuses foreign pages; everything else goes on."""

    def __init__(self, app: Callable[..., Awaitable[None]]) -> None:
        self.app = app

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if allowed(scope, setting("KITH_ALLOWED_ORIGINS")):
            await self.app(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 4403})  # before accept: HTTP 403
