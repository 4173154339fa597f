"""Which of the five ways a client offers who it is (PROTOCOL §2). Pure: reads the ASGI scope, of a
WebSocket or of an HTTP request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qs

from django.conf import settings

from realtime.origins import header, same_origin
from realtime.protocol import BEARER_SUBPROTOCOL, SUBPROTOCOL


@dataclass(frozen=True, slots=True)
class Credential:
    """``token`` None: none was offered (an empty one was). ``subprotocol`` is to be answered."""

    token: str | None = None
    session_key: str | None = None
    subprotocol: str | None = None


def offered(scope: Mapping[str, Any]) -> Credential:
    """The credential of a handshake: query, header, subprotocol, else the session cookie."""
    protocols = scope.get("subprotocols", [])
    subprotocol = SUBPROTOCOL if SUBPROTOCOL in protocols else None
    query = parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    if "token" in query:
        return Credential(query["token"][0], subprotocol=subprotocol)
    kind, _, bearer = (header(scope, b"authorization") or "").partition(" ")
    if kind.lower() == "bearer":
        return Credential(bearer.strip(), subprotocol=subprotocol)
    for name in protocols:
        if name.startswith(BEARER_SUBPROTOCOL):
            return Credential(name.removeprefix(BEARER_SUBPROTOCOL), subprotocol=subprotocol)
    return Credential(session_key=_session_key(scope), subprotocol=subprotocol)


def since(scope: Mapping[str, Any]) -> str | None:
    """The cursor in the query of ``/ws/<channel>?since=…``."""
    query = parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    return query["since"][0] if "since" in query else None


def client_ip(scope: Mapping[str, Any]) -> str:
    """The client's address, as the server (and the proxies that it trusts) tells it."""
    client = scope.get("client")
    return str(client[0]) if client else "unknown"


def _session_key(scope: Mapping[str, Any]) -> str | None:
    """Cookies are sent by browsers whoever wrote the page, so only the host's own page counts. Over HTTP
    it says no ``Origin`` when it GETs; a foreign one could not read the answer."""
    silent = scope["type"] == "http" and header(scope, b"origin") is None
    if not silent and not same_origin(scope):
        return None
    try:
        cookies = SimpleCookie(header(scope, b"cookie") or "")
    except CookieError:
        return None
    morsel = cookies.get(settings.SESSION_COOKIE_NAME)
    return morsel.value if morsel else None
