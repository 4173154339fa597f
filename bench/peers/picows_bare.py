"""picows and nothing else: what one core can do in Python at best."""

from __future__ import annotations

from bench.peers.peer import Peer, Place, Served, module, one_room


def _serve(place: Place) -> Served:
    return Served("picows", place, module("bench.apps.picows_bare", "{port}"))


PEER = Peer("picows", "picows, bare", "plain", _serve, one_room)
