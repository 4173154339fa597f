"""python-socketio on uvicorn, with its Redis manager."""

from __future__ import annotations

from bench.peers.channels import uvicorn
from bench.peers.peer import Peer, Place, Served, one_room


def _serve(place: Place) -> Served:
    command = uvicorn("bench.apps.socketio_python:application")
    return Served("python-socketio", place, command, place.ground.tutorial_environment(place.database))


PEER = Peer("python-socketio", "python-socketio", "socketio", _serve, one_room)
