"""An ASGI application that only echoes, on uvicorn: what the server itself costs."""

from __future__ import annotations

from bench.peers.channels import uvicorn
from bench.peers.peer import Peer, Place, Served, one_room


def _serve(place: Place) -> Served:
    return Served("empty", place, uvicorn("bench.apps.empty:application"))


PEER = Peer("empty", "empty ASGI echo, uvicorn", "plain", _serve, one_room)
