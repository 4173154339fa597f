"""What each kind of server speaks: how to ask for a socket, to say something, and to know that it is open.

A delivery is not recognised here: it is a frame that holds the message's mark, whoever sends it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bench.generator.link import Link

Seat = Mapping[str, Any]  # path, room; token and since where the server knows such things
_EVENT_ID = re.compile(rb'"id":(\d+)')


class Plain:
    """Whatever is said goes to everyone as it is: `ws`, picows, the empty application."""

    def headers(self, seat: Seat) -> dict[str, str]:
        """Of the handshake, besides what every handshake has."""
        return {}

    def path(self, seat: Seat) -> str:
        """Path and query."""
        return str(seat["path"])

    def connected(self, link: Link) -> None:
        """The handshake is done."""
        link.is_open()

    def heard(self, link: Link, payload: bytes) -> None:
        """A frame that is no delivery."""

    def message(self, content: str, ref: str) -> str:
        """The frame that says ``content``. ``ref`` is used once."""
        return content


class Kith(Plain):
    """docs/protocol.md: open when the channel is `caught_up`."""

    def headers(self, seat: Seat) -> dict[str, str]:
        return {"Authorization": f"Bearer {seat['token']}"}

    def path(self, seat: Seat) -> str:
        since = seat.get("since")
        return f"{seat['path']}?since={since}" if since else str(seat["path"])

    def connected(self, link: Link) -> None:
        pass

    def heard(self, link: Link, payload: bytes) -> None:
        if b'"type":"ack"' in payload:
            link.is_acknowledged()
        elif b'"type":"new_message"' in payload:
            link.replayed.add(int(_EVENT_ID.search(payload)[1]))  # type: ignore[index]
        elif b'"type":"caught_up"' in payload:
            link.is_open()
        elif b'"type":"error"' in payload or b'"type":"auth_error"' in payload:
            link.complain(payload)

    def message(self, content: str, ref: str) -> str:
        return json.dumps({"type": "message", "content": content, "ref": ref})


class Channels(Plain):
    """The chat of the Channels tutorial; its durable form answers with what it saved."""

    def heard(self, link: Link, payload: bytes) -> None:
        if b'"saved"' in payload:
            link.is_acknowledged()
        else:
            link.complain(payload)

    def message(self, content: str, ref: str) -> str:
        return json.dumps({"message": content})


class SocketIO(Plain):
    """Engine.IO 4 over WebSocket, Socket.IO 5: open when the namespace is joined."""

    def path(self, seat: Seat) -> str:
        return "/socket.io/?EIO=4&transport=websocket"

    def connected(self, link: Link) -> None:
        pass

    def heard(self, link: Link, payload: bytes) -> None:
        if payload == b"2":  # ping
            link.say("3")
        elif payload.startswith(b"0{"):
            link.say("40")
        elif payload.startswith(b"40"):
            link.is_open()
        else:
            link.complain(payload)

    def message(self, content: str, ref: str) -> str:
        return f"42{json.dumps(['message', content])}"


DIALECTS: dict[str, Plain] = {
    "plain": Plain(),
    "kith": Kith(),
    "channels": Channels(),
    "socketio": SocketIO(),
}
