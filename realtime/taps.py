"""One socket's hold on one topic: live or behind.

A `Tap` is shared by all of its socket's channels that cover the topic, so that a socket gets a
frame once. It is *live* (the hub writes to it) or *behind* (it reads the log). Opening,
resuming, a slow reader and a rerouted channel all end in `Socket.chase`:

    read the log after the tap's position, while the stream keeps a backlog of what it delivers
    → write what the log had → what the backlog has beyond it → live, with no await in between.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from realtime.packets import Packet
from realtime.streams import Stream, reroutes, silent
from realtime.tallies import Unseen

if TYPE_CHECKING:
    from realtime.sockets import Socket
    from realtime.subscription import Subscription

NOBODY: frozenset[str] = frozenset()


class Tap:
    """One socket's hold on one topic.

    ``position``: seq of the last packet written while behind; None until the opening knows it.
    ``start``: every packet after this seq was, or will be, written by this tap.
    """

    __slots__ = (
        "framed",
        "hidden",
        "live",
        "position",
        "socket",
        "start",
        "stream",
        "subscriptions",
        "topic",
        "unseen",
    )

    stream: Stream

    def __init__(self, socket: Socket, topic: str) -> None:
        self.socket = socket
        self.topic = topic
        self.live = False
        self.framed = socket.framed  # everyone's frame goes to the socket as it is: the hub may `put` it
        self.position: int | None = None
        self.start = 0
        self.hidden = NOBODY  # users whose acts this user is not told of
        self.unseen: tuple[Unseen, ...] = ()  # of those of the channels that hide anyone
        self.subscriptions: set[Subscription] = set()
        self.stream = socket.hub.join(self)

    def write(self, packet: Packet) -> bool:
        """Deliver; True when the socket is over its budget now."""
        for unseen in self.unseen:
            unseen.note(packet)
        if self.hidden and packet.actor in self.hidden:
            return False
        if packet.withheld and self.socket.user_key in packet.withheld:
            return False
        return self.socket.write(self.unseen[0].text(packet, self.hidden) if self.hidden else packet.text)

    def hide(self) -> None:
        """Ask the channels again whose acts to leave out: those that none of them tells."""
        unseen = [each.unseen for each in self.subscriptions]
        self.hidden = frozenset.intersection(*(each.users for each in unseen)) or NOBODY
        self.unseen = tuple(each for each in unseen if each.users)
        self.framed = self.socket.framed and not self.unseen  # nothing is hidden where all see everyone

    @property
    def is_placed(self) -> bool:
        """Whether it tells what follows some seq: it is not being opened for the first time."""
        return self.live or self.position is not None

    @property
    def written(self) -> int | None:
        """The seq up to which this tap has written; None: nothing yet."""
        return self.stream.head if self.live else self.position

    def written_since(self, seq: int) -> list[Packet] | None:
        """What this tap wrote after ``seq``; None: the backlog does not have all of it."""
        written = self.written
        if written is None or written <= seq:
            return []
        packets = [packet for packet in self.stream.backlog if seq < packet.seq <= written]
        return packets if len(packets) == written - seq else None

    def settle(self, head: int, start: int) -> None:
        """The opening wrote all up to ``head``, from ``start`` on: now it is merely behind."""
        self.position, self.start = head, start
        self.socket.behind.add(self)
        self.socket.hub.settle(self.stream, head)

    def fall_behind(self) -> None:
        if self.live:
            for subscription in self.subscriptions:
                subscription.freeze()
            self.live, self.position = False, self.stream.head
            self.socket.behind.add(self)
            self.stream.live.pop(self.socket, None)

    def wait(self) -> None:
        """The log is about to be read: what the stream delivers from now on is kept."""
        self.stream.waiting.add(self)

    def leads(self) -> bool:
        """Whether the log took this tap beyond what the stream has delivered."""
        position = self.position or 0
        self.socket.hub.settle(self.stream, position)
        return self.stream.head is not None and self.stream.head < position

    def take(self, packet: Packet) -> bool:
        """A packet read from the log or the backlog. False: with it the right to the topic ended."""
        if self.position is not None and packet.seq > self.position:
            # What lies between is not kept any more; or nothing does, and the log is another.
            if packet.seq > self.position + 1 or self.socket.hub.reader.is_ahead(packet):
                self.socket.restart()
                return False
            self.position = packet.seq
            if not silent(packet):
                self.write(packet)
            if reroutes(packet):
                self.reroute()
            if packet.revokes is not None and packet.revokes == self.socket.user_key:
                self.revoked()
                return False
        return True

    def try_live(self) -> bool:
        """Turn live if the backlog reaches from this tap's position to the stream's head."""
        stream, position = self.stream, self.position
        if position is None or stream.head is None or stream.head < position or self.socket.full:
            return False
        missing = [packet for packet in stream.backlog if packet.seq > position]
        if stream.head > position and (not missing or missing[0].seq != position + 1):
            return False
        if not all(self.take(packet) for packet in missing):
            return True  # revoked: nothing more to wait for
        self.live, self.position = True, None
        self.socket.behind.discard(self)
        stream.live[self.socket] = self
        stream.stop_waiting(self)
        return True

    def revoked(self) -> None:
        for subscription in list(self.subscriptions):
            subscription.lose(self.topic)

    def reroute(self) -> None:
        for subscription in self.subscriptions:
            subscription.reroute()


class ControlTap(Tap):
    """A socket's hold on its user's control topic, whose packets are orders, not frames."""

    __slots__ = ()

    def __init__(self, socket: Socket, topic: str) -> None:
        super().__init__(socket, topic)
        self.framed = False

    def write(self, packet: Packet) -> bool:
        self.socket.on_control(packet)
        return False
