"""Server-Sent Events and long polls for tests: real HTTP, bounded waits, nothing lost.

async with site.stream("feed", "messages/5", user=alice) as stream: ...     read like a socket's `Client`
stream.id                                      the last ``id:`` line, the cursor of all channels
assert await stream.closed() == 4401
answer = await site.poll("feed", user=alice, since=cursor, wait=1)          Answer(frames, cursor, close)
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from tests.harness.client import WITHIN_S, Client, Ended, Frame, SocketClosed
from tests.harness.wire import assert_declared

Query = list[tuple[str, str | int | float | bool | None]]


@dataclass(frozen=True)
class Answer:
    """What a poll answered."""

    frames: list[Frame]
    cursor: str
    close: int | None

    @property
    def types(self) -> list[str]:
        return [frame["type"] for frame in self.frames]


class Stream(Client):
    """One stream under way. It cannot send."""

    def __init__(self, response: httpx.Response) -> None:
        super().__init__(None)  # type: ignore[arg-type]  # there is no socket
        self.response = response
        self.id: str | None = None
        self.ids: list[str | None] = []  # after each frame of ``seen``: the message's own id line, or None
        self.pings = 0
        self.code: int | None = None
        self._lines = _lines(response)

    async def closed(self, *, within: float = WITHIN_S) -> int:
        with contextlib.suppress(SocketClosed):
            await self._find(lambda frame: False, within, "the end")
        return self.code or 1006

    async def until_ping(self) -> None:
        """Read until a comment came."""
        before = self.pings
        async with asyncio.timeout(WITHIN_S):
            while self.pings == before:
                await self._read_message()

    async def _read(self) -> None:
        before = len(self.seen)
        while len(self.seen) == before:
            await self._read_message()

    async def _read_message(self) -> None:
        """One message, up to its empty line."""
        fields: dict[str, str] = {}
        try:
            while line := await anext(self._lines):
                name, _, value = line.partition(":")
                assert name not in fields, f"{name} twice in {fields}"
                fields[name] = value.removeprefix(" ")
        except (StopAsyncIteration, httpx.HTTPError) as error:
            raise Ended(f"the stream ended with {self.code} ({error!r})") from error
        if "" in fields:
            self.pings += 1
        elif fields.get("event") == "close":
            self.code = json.loads(fields["data"])["code"]
        else:
            assert fields.keys() <= {"id", "data"}, fields
            self.id = fields.get("id", self.id)
            self.ids.append(fields.get("id"))
            self._take(json.loads(fields["data"]))


async def _lines(response: httpx.Response) -> AsyncIterator[str]:
    """As the standard has them: httpx's own also end at what JSON may hold, such as U+2028."""
    rest = b""
    async for data in response.aiter_bytes():
        *whole, rest = (rest + data).split(b"\n")
        for line in whole:
            yield line.decode()


@contextlib.asynccontextmanager
async def stream(http: httpx.AsyncClient, query: Query, headers: Mapping[str, str]) -> AsyncIterator[Stream]:
    """A stream, closed from this side at the end.

    Raises:
        httpx.HTTPStatusError: it was refused; its body was read.
    """
    async with http.stream("GET", "/api/events/stream/", params=query, headers=headers) as response:
        if response.is_error:
            await response.aread()
        response.raise_for_status()
        assert response.headers["Content-Type"] == "text/event-stream"
        yield Stream(response)


async def poll(http: httpx.AsyncClient, query: Query, headers: Mapping[str, str]) -> Answer:
    """Raises httpx.HTTPStatusError."""
    response = await http.get("/api/events/", params=query, headers=headers)
    response.raise_for_status()
    body: dict[str, Any] = response.json()
    assert body.keys() == {"frames", "cursor", "close"}
    for frame in body["frames"]:
        assert_declared(frame)
    return Answer(**body)
