"""What travels from a commit to the hubs: the ready frame and what a hub must know to order it."""

from __future__ import annotations

from functools import cached_property

import msgspec

from realtime import protocol
from realtime.tallies import Tally


class Packet(msgspec.Struct, array_like=True, omit_defaults=True, dict=True):
    """One event on its way. ``seq`` 0: not durable; then ``key`` tells LATEST from EPHEMERAL.

    ``body`` is the frame without its id; ``type`` and ``revokes`` are for the hub; ``actor`` lets
    it keep pairs apart who blocked each other; ``skip_socket`` is the sender's own socket; ``withheld``
    are users who are not told; ``tally`` lets a total be told without what hidden people add to it;
    ``created`` tells it from another event that was given the same numbers (`history`).
    """

    topic: str
    body: bytes
    type: str
    seq: int = 0
    event_id: int = 0
    actor: str | None = None
    revokes: str | None = None
    key: str = ""
    skip_socket: str = ""
    withheld: tuple[str, ...] = ()
    tally: Tally | None = None
    created: str = ""  # as the database writes it

    @property
    def payload(self) -> bytes:
        """The frame as sockets get it: JSON."""
        return protocol.with_id(self.event_id, self.body) if self.seq else self.body

    @cached_property
    def text(self) -> str:
        """The same as text; made once, whoever asks."""
        return self.payload.decode()

    @cached_property
    def frame(self) -> bytes:
        """The same framed for the wire; made once, whoever asks."""
        return protocol.wire_frame(self.payload)


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(list[Packet])


def dump(packets: list[Packet]) -> bytes:
    """The packets for the broker."""
    return _encoder.encode(packets)


def load(data: bytes) -> list[Packet]:
    """The packets from the broker.

    Raises:
        msgspec.DecodeError: they are none of ours, say of another release.
    """
    return _decoder.decode(data)
