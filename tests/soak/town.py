"""Who visits: their ties, chats and posts, what they keep between two visits, and what passed."""

from __future__ import annotations

import asyncio
import random
import time
import uuid
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from connections.models import Connection
from tests.faults.ledger import Ledger, Said
from tests.harness.people import People, token_for
from tests.harness.site import PLAIN, Site

FRIENDS = 4  # each visitor's with the next ones in a circle, so twice as many
POSTS = 50  # that are spoken of; older ones are deleted
# A connection for each request: one that is kept may be closed by its server just as it is used again.
ONCE = httpx.Limits(max_keepalive_connections=0)
LASTING_S = 24 * 3600  # of tokens
PASSING = 503  # the machine was too busy, or the pool of connections


@dataclass
class Chat:
    """One that visitors made."""

    pk: int
    owner: Visitor
    members: list[Visitor]
    said: deque[int] = field(default_factory=lambda: deque(maxlen=20))


class Visitor:
    """One person, on several devices."""

    def __init__(self, user: Any) -> None:
        self.user_id: int = user.pk
        self.token = lasting_token(user)
        self.cursors: dict[str, deque[str]] = {}  # of each channel, those of the last visits

    def keep(self, channel: str, cursor: str) -> None:
        """The cursor of a visit, to come back with."""
        self.cursors.setdefault(channel, deque(maxlen=5)).append(cursor)

    def since(self, channel: str) -> str | None:
        """Mostly one of a visit before, new or old."""
        kept = self.cursors.get(channel)
        return random.choice(kept) if kept and random.random() < 0.7 else None


class Town:
    """Everybody, and what they share."""

    def __init__(self, sites: Sequence[Site], people: People, size: int, ledger: Ledger) -> None:
        self.sites = sites
        self.ledger = ledger
        self.passed: Counter[str] = Counter()
        self.chats: dict[int, Chat] = {}
        self.posts: deque[tuple[int, Visitor]] = deque()
        users = people.users(*["visitor"] * size)
        self.visitors = [Visitor(user) for user in users]
        sites[0].run(self._tie, users)
        self.until = 0.0  # of this tide, by time.monotonic()
        self.http: httpx.AsyncClient

    @staticmethod
    def _tie(users: list[Any]) -> None:
        count = len(users)
        pairs = [
            (users[i], users[(i + step) % count]) for i in range(count) for step in range(1, FRIENDS + 1)
        ]
        Connection.objects.bulk_create(Connection(one=one, other=other) for one, other in pairs)

    @property
    def is_open(self) -> bool:
        """Whether the tide goes on."""
        return time.monotonic() < self.until

    def client(self) -> httpx.AsyncClient:
        """REST for all of them; used as a context, so that nothing of it is left at the ebb."""
        return httpx.AsyncClient(timeout=60, trust_env=False, verify=PLAIN, limits=ONCE)

    def others(self, visitor: Visitor, count: int) -> list[Visitor]:
        return [other for other in random.sample(self.visitors, count + 1) if other is not visitor][:count]

    def chats_of(self, visitor: Visitor) -> list[Chat]:
        return [chat for chat in self.chats.values() if visitor in chat.members]

    async def pause(self, longest: float) -> None:
        """Some time, but not beyond the tide."""
        await asyncio.sleep(max(0.0, min(random.random() * longest, self.until - time.monotonic())))

    async def ask(self, visitor: Visitor, method: str, path: str, **options: Any) -> Any | None:
        """What REST answers; None: a refusal, as of what somebody else took away meanwhile.

        Raises:
            AssertionError: the server failed.
        """
        site = random.choice(self.sites)
        headers = {"Authorization": f"Bearer {visitor.token}"}
        answer = await self.http.request(method, f"{site.url}{path}", headers=headers, **options)
        assert answer.status_code < 500 or answer.status_code == PASSING, answer.text
        if answer.is_error:
            self.passed[f"answers {answer.status_code}"] += 1
            return None
        return answer.json() if answer.content else {}

    def acknowledged(self, ref: str, chat_id: int, message_id: int, began: float, *, duplicate: bool) -> None:
        now = time.monotonic()
        said = Said(chat_id, message_id, now, now - began)
        self.ledger.acknowledge(ref, said, duplicate=duplicate)
        if chat := self.chats.get(chat_id):
            chat.said.append(message_id)


def lasting_token(user: Any) -> str:
    """An access token for the whole soak."""
    return token_for(user, exp=int(time.time()) + LASTING_S)


def new_ref() -> str:
    return uuid.uuid4().hex
