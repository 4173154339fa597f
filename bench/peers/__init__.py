"""The servers that are measured, by name; see `peer` for what each of them says of itself."""

from __future__ import annotations

from bench.peers import channels, empty, kith, node, picows_bare, socketio_python
from bench.peers.peer import Peer

PEERS: dict[str, Peer] = {
    peer.name: peer
    for peer in [
        kith.PEER,
        channels.DAPHNE,
        channels.UVICORN,
        channels.DURABLE,
        socketio_python.PEER,
        node.SOCKET_IO,
        node.WS,
        picows_bare.PEER,
        empty.PEER,
    ]
}

__all__ = ["PEERS", "Peer"]
