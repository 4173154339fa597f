"""Ours: `manage.py serve` with the project's own settings, only its limits raised (`bench.ground.LIMITS`)."""

from __future__ import annotations

import sys
import urllib.error
import urllib.request

from bench.ground import CHAT_SIZE, People
from bench.peers.peer import Peer, Place, Seat, Served


class _Kith(Served):
    def is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health/", timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False


def _serve(place: Place) -> Served:
    command = [sys.executable, "manage.py", "serve", "--host", "127.0.0.1", "--port", "{port}"]
    return _Kith("kith", place, command, place.ground.environment(place.database))


def _seat(people: People | None, number: int, chat: int | None) -> Seat:
    """The room's members have several sockets each; a chat's have one."""
    assert people is not None
    if chat is None:
        user, chat_id = number % people.members, people.room
    else:
        user, chat_id = chat * CHAT_SIZE + number % CHAT_SIZE, people.chats[chat]
    return {"path": f"/ws/messages/{chat_id}", "token": people.tokens[user], "room": str(chat_id)}


PEER = Peer("kith", "Kith", "kith", _serve, _seat, data="kith")
