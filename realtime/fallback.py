"""For networks that block WebSockets: the same frames by Server-Sent Events, or by long polling.

`links` is the socket behind each of them; `posting` takes the commands.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator

import msgspec
from django.core.handlers.asgi import ASGIRequest
from django.http import StreamingHttpResponse

from realtime import credentials, hub, limits
from realtime.answering import answering, identify
from realtime.conf import setting
from realtime.cursors import Combined
from realtime.errors import InvalidMessage
from realtime.links import ALL_OPEN, Link
from realtime.signin import check_open

LONGEST_WAIT_S, USUAL_WAIT_S = 60.0, 25.0  # proxies often end a silent request after 60 s


@answering("GET")
async def stream(request: ASGIRequest) -> StreamingHttpResponse:
    """Server-Sent Events until one side ends them."""
    ip = credentials.client_ip(request.scope)
    await limits.acheck(limits.Use("KITH_SOCKETS_PER_IP_PER_MINUTE", (ip,)))
    link = await _link(request, "KITH_SOCKETS_PER_USER_PER_MINUTE")
    return _streaming(link, server_sent_events(link), "text/event-stream")


@answering("GET")
async def poll(request: ASGIRequest) -> StreamingHttpResponse:
    """One answer, as soon as there is something to say."""
    wait = _wait(request)
    link = await _link(request, "KITH_POLLS_PER_MINUTE")
    return _streaming(link, polled(link, wait), "application/json")


async def _link(request: ASGIRequest, rate: str) -> Link:
    """What the request asks for, of a user who may ask now.

    Raises:
        InvalidMessage: it names no channel.
        AuthError, RateLimited
    """
    identity = await identify(request)
    names = request.GET.getlist("channel")
    if not names:
        raise InvalidMessage("Name one channel at least.", field="channel")
    running = await hub.running()
    user_key = str(identity.user.pk)
    await limits.acheck(limits.Use(rate, (user_key,)))
    check_open(running, user_key)
    since = request.GET.get("since")
    cursors = Combined(names, request.headers.get("Last-Event-ID", "") if since is None else since)
    return Link(running, request.scope, identity.claims, cursors)


def _wait(request: ASGIRequest) -> float:
    try:
        wait = float(request.GET.get("wait", USUAL_WAIT_S))
    except ValueError:
        wait = math.nan
    if not 0 <= wait <= LONGEST_WAIT_S:
        raise InvalidMessage(f"wait is a number of seconds, {LONGEST_WAIT_S:g} at most.", field="wait")
    return wait


class Body:
    """What a link has to say, to be read once.

    Django ends the reading where the client goes away, but what it reads may be left in the middle; so
    it is told by ``close``, too, on a thread of its own, that the answer is over.
    """

    def __init__(self, link: Link, parts: AsyncIterator[bytes]) -> None:
        self._link = link
        self._parts = parts

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._parts

    def close(self) -> None:
        loop = self._link.hub.loop
        if not loop.is_closed():
            asyncio.run_coroutine_threadsafe(self._link.close(), loop)


def _streaming(link: Link, parts: AsyncIterator[bytes], content_type: str) -> StreamingHttpResponse:
    response = StreamingHttpResponse(Body(link, parts), content_type=content_type)
    response["Cache-Control"] = "no-cache, no-transform"
    response["X-Accel-Buffering"] = "no"  # nginx
    return response


async def server_sent_events(link: Link) -> AsyncIterator[bytes]:
    """One message for each frame, and a comment where there was none for a while."""
    try:
        link.start()
        while True:
            frame = await link.read(setting("WEBSOCKET_PING_INTERVAL"))
            if frame is None:
                yield b": ping\n\n"
            elif isinstance(frame, int):
                yield b'event: close\ndata: {"code":%d}\n\n' % frame
                return
            elif link.note(frame):
                yield f"id: {link.cursors}\ndata: {frame}\n\n".encode()
            elif frame != ALL_OPEN:
                yield f"data: {frame}\n\n".encode()
    finally:
        await link.close()


async def polled(link: Link, wait: float) -> AsyncIterator[bytes]:
    """``{"frames": [...], "cursor": …, "close": …}``, written as the frames come: however many were missed,
    few of them are in memory."""
    patience = Patience(link, wait)
    close, separator = "null", b""
    try:
        link.start()
        yield b'{"frames":['
        while (left := patience.left()) > 0:
            frame = await link.read(min(left, setting("WEBSOCKET_PING_INTERVAL")))
            if frame is None:
                yield b"\n"  # keeps proxies, as a stream's comment does
            elif isinstance(frame, int):
                close = str(frame)
                break
            elif link.note(frame) or frame != ALL_OPEN:
                yield separator + frame.encode()
                separator = b","
        yield f'],"cursor":{msgspec.json.encode(str(link.cursors)).decode()},"close":{close}}}'.encode()
    finally:
        await link.close()


class Patience:
    """How long a poll goes on: until all is open, then until there is news and a moment for more of it, but
    no longer than the client waits."""

    def __init__(self, link: Link, wait: float) -> None:
        self._link = link
        self._clock = link.hub.loop.time
        self._until = self._clock() + (wait if link.cursors.is_whole else 0)
        self._news_until = math.inf

    def left(self) -> float:
        """Seconds."""
        if self._link.has_news and self._news_until == math.inf:
            self._news_until = self._clock() + setting("KITH_POLL_GATHER_S")
            self._link.hub.reader.soon()  # else the next poll, with an older cursor, is told the same again
        if self._link.is_opening:
            return math.inf
        return min(self._until, self._news_until) - self._clock()
