"""The chat of the Channels tutorial on the pub/sub layer, on the server that its documentation names and on
the one that we use. Neither knows users, rights or a log."""

from __future__ import annotations

from bench.ground import People
from bench.peers.peer import Peer, Place, Seat, Served, module


def _daphne(place: Place) -> Served:
    command = module(
        "daphne", "-b", "127.0.0.1", "-p", "{port}", "-v", "0", "bench.apps.tutorial:application"
    )
    return Served("daphne", place, command, place.ground.tutorial_environment(place.database))


def _uvicorn(place: Place) -> Served:
    command = uvicorn("bench.apps.tutorial:application")
    return Served("uvicorn", place, command, place.ground.tutorial_environment(place.database))


def uvicorn(application: str) -> list[str]:
    """uvicorn as `manage.py serve` runs it."""
    options = ["--http", "httptools", "--ws", "websockets-sansio", "--ws-per-message-deflate", "false"]
    return module(
        "uvicorn",
        application,
        *("--host", "127.0.0.1", "--port", "{port}", "--loop", "uvloop", "--log-level", "warning"),
        *("--no-access-log", *options, "--ws-ping-interval", "25", "--ws-ping-timeout", "35"),
    )


def _seat(people: People | None, number: int, chat: int | None) -> Seat:
    room = "all" if chat is None else f"chat-{chat}"
    return {"path": f"/ws/chat/{room}/", "room": room}


DAPHNE = Peer("daphne", "Channels tutorial, Daphne", "channels", _daphne, _seat)
UVICORN = Peer("uvicorn", "Channels tutorial, uvicorn", "channels", _uvicorn, _seat)
DURABLE = Peer(
    "orm",
    "ORM `create` in a consumer, uvicorn",
    "channels",
    _uvicorn,
    lambda *_: DURABLE_SEAT,
    data="tutorial",
)
DURABLE_SEAT: Seat = {"path": "/ws/durable/", "room": "all"}
