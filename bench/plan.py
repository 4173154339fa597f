"""What a run measures, and for how long."""

from __future__ import annotations

from dataclasses import dataclass, field

from bench.ground import CHAT_SIZE, Need

LARGE = 1_000  # sockets; where there are more, peers are measured in the first round only
MEMBERS = 50  # of the one room; each has several sockets, as people have several tabs


@dataclass(frozen=True)
class Plan:
    """Sizes are numbers of sockets, times are seconds."""

    rounds: int = 5
    only: tuple[str, ...] = ()  # scenarios; empty: all
    peers: tuple[str, ...] = ()  # empty: all
    sizes: tuple[int, ...] = (10, 100, 200, 1_000, 3_000, 8_000)
    in_flight: tuple[int, ...] = (4, 1)
    idle: int = 8_000
    latency: int = 1_000
    openings: int = 1_000
    returning: int = 5_000
    senders: int = 50
    fan_out_s: float = 0.8
    save_s: float = 2.5
    pace_s: float = 4.0
    left_out: dict[str, str] = field(default_factory=dict)  # what, and why
    failed: dict[str, str] = field(default_factory=dict)

    def quick(self) -> Plan:
        """A plan of a few minutes: two rounds of everything, with fewer sockets."""
        return Plan(
            rounds=2,
            only=self.only,
            peers=self.peers,
            sizes=(10, 200, 1_000),
            idle=1_000,
            latency=400,
            openings=400,
            returning=1_000,
            fan_out_s=0.5,
            save_s=1.0,
            pace_s=2.0,
        )

    def wants(self, scenario: str) -> bool:
        """Whether it is to be measured."""
        return not self.only or scenario in self.only

    @property
    def largest(self) -> int:
        """The most sockets that one server has at once."""
        others = {"idle": self.idle, "latency": self.latency, "returning": self.returning}
        return max([*(self.sizes or (0,)), *(size for name, size in others.items() if self.wants(name))])

    @property
    def need(self) -> Need:
        """Who must be in the database."""
        users, told = MEMBERS, 0
        if self.wants("idle"):
            users = max(users, self.idle)
        if self.wants("latency"):
            users = max(users, self.latency)
        if self.wants("durable"):
            users = max(users, self.senders * CHAT_SIZE)
        if self.wants("openings"):
            told = self.openings // CHAT_SIZE
        if self.wants("returning"):
            told = max(told, self.returning // CHAT_SIZE)
        users = max(users, told * CHAT_SIZE)
        chats = users // CHAT_SIZE if users > MEMBERS else 0
        return Need(users=users, room=MEMBERS, chats=chats, told=told)
