"""Where a scenario runs: the ground of the run, one round of it, and what it measures."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from bench.ground import CHAT_SIZE, Ground, People, Vendor
from bench.load import Answer, Generator
from bench.peers import PEERS
from bench.peers.peer import Peer, Place, Seat, Served
from bench.plan import Plan
from bench.samples import Sample


class LostError(Exception):
    """A server lost or repeated what it should have told once: its figures are worth nothing."""


@dataclass(frozen=True)
class Stage:
    """One round."""

    ground: Ground
    plan: Plan
    round: int

    @contextlib.contextmanager
    def serving(self, name: str, vendor: Vendor = "postgres") -> Iterator[tuple[Peer, Served]]:
        """The peer's server, running on a fresh copy of its database."""
        peer = PEERS[name]
        place = Place(self.ground, self.ground.copy(peer.data, vendor))
        server = peer.serve(place)
        try:
            server.start()
            yield peer, server
        except BaseException as error:
            error.add_note(server.log()[-LOG_CHARACTERS:])
            raise
        finally:
            if server.running():
                server.kill()
            self.ground.drop(place.database)

    @contextlib.contextmanager
    def loaded(
        self, name: str, vendor: Vendor = "postgres", **options: Any
    ) -> Iterator[tuple[Peer, Served, Generator]]:
        """`serving`, and a generator for it; ``options`` of the generator."""
        with self.serving(name, vendor) as (peer, server), Generator(peer, server, **options) as generator:
            yield peer, server, generator

    def seats(self, peer: Peer, numbers: range, *, vendor: Vendor = "postgres") -> list[Seat]:
        """Of these sockets, all in one room."""
        return [peer.seat(self._people(peer, vendor), number, None) for number in numbers]

    def chat_seats(
        self, peer: Peer, numbers: range, *, vendor: Vendor = "postgres", missed: bool = False
    ) -> list[Seat]:
        """Of these sockets, in chats of `CHAT_SIZE`; ``missed``: with a cursor from before what these were
        told, where there are cursors."""
        people = self._people(peer, vendor)
        seats = [peer.seat(people, number, number // CHAT_SIZE) for number in numbers]
        if missed and people is not None:
            for number, seat in zip(numbers, seats, strict=True):
                seat["since"] = people.since[number // CHAT_SIZE]
        return seats

    def _people(self, peer: Peer, vendor: Vendor) -> People | None:
        return self.ground.people(vendor) if peer.data == "kith" else None

    def sample(self, scenario: str, peer: str, case: str, answer: Answer, **figures: float) -> Sample:
        """One sample. ``figures`` beside the answer's rate.

        Raises:
            LostError: something was lost.
        """
        wrong = {name: answer[name] for name in ("lost", "repeats", "closed") if answer.get(name)}
        if wrong:
            raise LostError(f"{scenario}, {peer}, {case}: {wrong}; {answer.get('complaint')}")
        rate = {"per_s": answer["per_s"]} if "per_s" in answer else {}
        return Sample(scenario, peer, case, self.round, {**rate, **figures}, dict(answer["shares"]))


LOG_CHARACTERS = 3_000
