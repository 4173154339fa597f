"""What is asked for at about one time is read together, and each gets its own answer."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import DatabaseError, connection
from django.test.utils import CaptureQueriesContext

from chat.consumers import MessagesConsumer
from chat.models import Chat
from realtime import auth, gathering, threads, topics
from realtime.errors import Forbidden
from realtime.gathering import ENOUGH, LANES, MOST, SLOW_S, Gatherer
from realtime.opening import Question, Snapshot, read_snapshots
from tests.harness.databases import Database
from tests.harness.people import People
from tests.harness.waiting import wait_until
from tests.realtime.talking import say

# ── gathering ───────────────────────────────────────────────────────────────────────────────


class Slow:
    """Answers numbers with their doubles, when it may; an odd one beyond 100 with an error of its own."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.read: list[list[int]] = []
        self.answered = 0

    def __call__(self, questions: list[int]) -> list[int | Exception]:
        self.read.append(questions)
        assert self.gate.wait(10)
        self.answered += 1
        return [ValueError(number) if number > 100 and number % 2 else 2 * number for number in questions]

    def began(self, number: int) -> Callable[[], bool]:
        """Whether so many reads have begun."""
        return lambda: len(self.read) == number


@pytest.fixture(autouse=True)
def pools() -> Iterator[None]:
    yield
    threads.close()


async def under_way(gatherer: Gatherer[int, int], slow: Slow) -> list[asyncio.Task[int]]:
    """As many reads as there may be, since each takes long."""
    tasks = []
    for number in range(LANES):
        tasks += await asked(gatherer, number)
        await asyncio.to_thread(wait_until, slow.began(number + 1))
    return tasks


async def asked(gatherer: Gatherer[int, int], *numbers: int) -> list[asyncio.Task[int]]:
    tasks = [asyncio.ensure_future(gatherer.ask(number)) for number in numbers]
    await asyncio.sleep(0)
    return tasks


async def test_what_waits_meanwhile_is_read_together_and_in_order() -> None:
    slow = Slow()
    gatherer = Gatherer(slow)
    firsts = await under_way(gatherer, slow)
    rest = await asked(gatherer, *range(LANES, LANES + MOST + 5))
    slow.gate.set()
    answers = await asyncio.gather(*firsts, *rest)
    assert answers == [2 * number for number in range(LANES + MOST + 5)]
    assert sorted(map(len, slow.read)) == sorted([*[1] * LANES, 5, MOST])


async def test_an_error_is_its_questions_own_and_who_went_away_is_not_read_for() -> None:
    slow = Slow()
    gatherer = Gatherer(slow)
    firsts = await under_way(gatherer, slow)
    bad, gone, good = await asked(gatherer, 101, 7, 8)
    gone.cancel()
    slow.gate.set()
    assert await good == 16
    with pytest.raises(ValueError, match="101"):
        await bad
    await asyncio.gather(*firsts)
    assert [101, 8] in slow.read


async def test_who_asks_in_the_moment_in_which_all_reads_end_is_answered() -> None:
    """Lanes that have just ended take no more: they must not count as such that do."""
    slow = Slow()
    gatherer = Gatherer(slow)

    async def ask_twice(number: int) -> int:
        async with asyncio.timeout(10):
            return await gatherer.ask(number) + await gatherer.ask(number)

    tasks = []
    for number in range(1, LANES + 1):
        tasks.append(asyncio.ensure_future(ask_twice(number) if number == 1 else gatherer.ask(number)))
        await asyncio.to_thread(wait_until, slow.began(number))
    slow.gate.set()
    wait_until(lambda: slow.answered == LANES)  # the loop stands still meanwhile, and hears of all at once
    assert await asyncio.gather(*tasks) == [4, *(2 * number for number in range(2, LANES + 1))]


async def test_after_a_read_of_several_others_gather_for_as_long_or_until_there_are_enough(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(gathering, "MOST_REST_S", 30.0)
    slow = Slow()
    gatherer = Gatherer(slow)
    crowd = await asked(gatherer, 1, 2)
    await asyncio.sleep(SLOW_S / 2)  # as long a rest follows; and all is one lane's
    slow.gate.set()
    await asyncio.gather(*crowd)
    early = await asked(gatherer, 3)
    await asyncio.sleep(0.001)
    late = await asked(gatherer, *range(4, 3 + ENOUGH))
    await asyncio.gather(*early, *late)
    assert [len(questions) for questions in slow.read] == [2, ENOUGH]


async def test_a_read_that_is_at_fault_leaves_nobody_waiting() -> None:
    def read(numbers: list[int]) -> list[int | Exception]:
        raise KeyError("at fault")

    gatherer: Gatherer[int, int] = Gatherer(read)
    for _ in range(2):
        tasks = await asked(gatherer, *range(2 * MOST))
        answers = await asyncio.gather(*tasks, return_exceptions=True)
        assert {type(answer) for answer in answers} == {KeyError}


async def test_an_error_of_the_database_is_only_theirs_who_have_it_alone() -> None:
    def read(numbers: list[int]) -> list[int | Exception]:
        if 3 in numbers:
            raise DatabaseError("three")
        return [*numbers]

    gatherer = Gatherer(read)
    tasks = await asked(gatherer, *range(10))
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    assert [answer for answer in answers if not isinstance(answer, Exception)] == [0, 1, 2, *range(4, 10)]
    assert isinstance(answers[3], DatabaseError)


# ── openings ────────────────────────────────────────────────────────────────────────────────


def question(chat: Chat, user: Any, since: str | None) -> Question:
    return Question(MessagesConsumer(user=user, params={"chat_id": str(chat.pk)}), since, 100, {})


def test_many_openings_cost_the_statements_of_one_and_each_gets_its_own(
    database: Database, people: People
) -> None:
    alice, bob, *others = people.users("alice", "bob", *["other"] * 5)
    room = people.chat(alice, *others, history="all")
    chats = [people.chat(alice, other) for other in others] + [
        people.direct(alice, other) for other in others
    ]
    for chat in [room, *chats]:
        say(chat, alice, "one", "two", "three")

    def ask(questions: list[Question]) -> tuple[list[Any], int]:
        with CaptureQueriesContext(connection) as captured:
            return read_snapshots(questions), len(captured)

    def questions() -> list[Question]:
        return [
            *(question(room, other, "0") for other in others),
            *(question(chat, other, "0") for chat, other in zip(chats, others * 2, strict=True)),
            question(chats[0], others[0], None),
            question(chats[0], others[0], "12345"),
            question(chats[0], bob, "0"),
        ]

    together, cost = ask(questions())
    apart = [ask([each]) for each in questions()]
    assert cost <= max(each for _, each in apart) + 1  # group and direct chats ask for different things
    for found, ((alone,), _) in zip(together, apart, strict=True):
        if isinstance(alone, Snapshot):
            assert (found.replay, found.cursor, found.state) == (alone.replay, alone.cursor, alone.state)
            assert (found.heads, found.names) == (alone.heads, alone.names)
    assert [type(found) for found in together] == [Snapshot] * (len(together) - 1) + [Forbidden]
    assert len(together[0].replay.packets) == 6 + 3  # all six joined, and three messages
    assert not together[-2].replay.recovered


def test_many_sign_ins_cost_the_statements_of_one(database: Database, people: People) -> None:
    users = people.users(*["user"] * 5)
    claims = [auth.read_token(auth.issue_tokens(user)["access"]) for user in users]
    auth.end_session(claims[1].sid, users[1])
    users[2].is_active = False
    users[2].save()
    claims.append(auth.Claims(user_key="no key", sid="", password_stamp=None, expires_at=None))
    claims.append(auth.Claims(user_key=str(2**62), sid="", password_stamp=None, expires_at=None))

    def ask(some: list[auth.Claims]) -> tuple[list[Any], int]:
        asked = [(each, topics.control(0).name) for each in some]
        with CaptureQueriesContext(connection) as captured:
            return auth.identify_each_at(asked), len(captured)

    answers, cost = ask(claims)
    assert cost == ask(claims[:1])[1]
    assert [answer[0].user for answer in answers if isinstance(answer, tuple)] == [users[0], *users[3:]]
    assert [answer.code for answer in answers if isinstance(answer, auth.AuthError)] == [
        *["token_revoked"] * 2,
        *["token_invalid"] * 2,
    ]
