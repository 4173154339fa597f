"""For tests of projects that use Kith: what was published, and a socket client.

    with captured_events() as events:
        services.score_set(player=player, points=3)
    assert [event.points for event in events] == [3]

    async with SocketClient("scores/5", user=player) as client:
        assert (await client.until("score_changed"))["points"] == 3

A pytest fixture for commits inside a test's transaction is pytest-django's own
``django_capture_on_commit_callbacks(execute=True)``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
from channels.testing import WebsocketCommunicator

from realtime import auth, hub, publishing
from realtime.channels import find
from realtime.consumers import SingleChannelConsumer
from realtime.events import Event


@contextmanager
def captured_events() -> Iterator[list[Event]]:
    """Every event published inside the block, in order, whether or not its transaction commits."""
    events: list[Event] = []

    def observe(event: Event, _topic: Any) -> None:
        events.append(event)

    publishing.observers.append(observe)
    try:
        yield events
    finally:
        publishing.observers.remove(observe)


class SocketClient:
    """A socket on one channel, in this process, without a server: signs in as ``user``.

    ``opening`` holds the frames up to `caught_up`. The last one that leaves stops the hub of this event loop.
    """

    def __init__(self, channel: str, *, user: Any, since: str | None = None) -> None:
        channel_class, params = find(channel)
        application = SingleChannelConsumer.as_asgi(channel_class=channel_class)

        async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
            await application({**scope, "url_route": {"kwargs": params}}, receive, send)

        token = auth.issue_tokens(user)["access"]
        query = f"?token={token}" + (f"&since={since}" if since is not None else "")
        self._socket = WebsocketCommunicator(app, f"/ws/{channel}{query}")
        self.opening: list[dict[str, Any]] = []

    async def __aenter__(self) -> SocketClient:
        await self._socket.connect()
        while not self.opening or self.opening[-1]["type"] not in ("caught_up", "error", "auth_error"):
            self.opening.append(await self.receive())
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._socket.disconnect()
        if (running := hub.current()) is not None and not running.sockets:
            await hub.stop()

    async def send(self, frame: dict[str, Any]) -> None:
        await self._socket.send_to(text_data=msgspec.json.encode(frame).decode())

    async def receive(self, within: float = 5) -> dict[str, Any]:
        """The next frame.

        Raises:
            TimeoutError: none came; the socket lives on (the communicator's own wait would end it).
            AssertionError: the socket was closed instead; says the code.
        """
        message = await asyncio.wait_for(self._socket.output_queue.get(), within)
        if message["type"] != "websocket.send":
            raise AssertionError(f"the socket was closed with {message.get('code')}")
        return dict(msgspec.json.decode(message["text"]))

    async def until(self, wanted: str, within: float = 5) -> dict[str, Any]:
        """The next frame of this type; others before it are passed over."""
        while (frame := await self.receive(within))["type"] != wanted:
            pass
        return frame
