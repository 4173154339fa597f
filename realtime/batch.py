"""Group commit: commands that write gather while those before them are under way, and commit together.

No timer: an idle process writes at once, and the busier it is, the more share one commit. A command that has
a batch form (`commands.command`) is done for all who asked in a few statements. On SQLite, where one thread
writes, the others share the transaction, each in a savepoint; elsewhere they go by themselves.

One bad command fails alone: what a batch form refuses is nobody else's matter, and after any other failure
the batch is rolled back and its commands go by themselves, if it is certain that nothing was committed.
A link that broke during COMMIT leaves that open: everybody is answered `unavailable`, nothing is run again,
and the same ``ref`` will tell.
"""

from __future__ import annotations

import asyncio
import functools
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from operator import attrgetter
from typing import Any
from weakref import WeakKeyDictionary

from django.db import (
    DatabaseError,
    IntegrityError,
    InterfaceError,
    OperationalError,
    connections,
    transaction,
)

from realtime import holding, log, publishing, statements, threads
from realtime.channels import Channel
from realtime.commands import APART, Answer, Asked, Command
from realtime.conf import setting
from realtime.errors import Unavailable

logger = logging.getLogger("kith.batch")

MOST = 256  # commands of one batch: some milliseconds; the others are next
STEADY = 2  # batches under way: while the database works for one, the other has the interpreter
FEW = 8  # commands under way, with which a batch more may be
LOCK_WAIT_MS = 200  # a batch waits no longer for any lock; its commands then wait one by one

# PostgreSQL's errors, or classes of them, after which it is not certain that nothing was committed:
# connection_exception, operator_intervention, system_error, internal_error, statement_completion_unknown.
_OPEN = ("08", "57P", "58", "XX", "40003")

Outcome = Answer | BaseException  # APART: nothing was done yet; an exception is for who asked


class Wish:
    """A command that waits to be written, and who waits for what comes of it."""

    __slots__ = ("arguments", "channel", "command", "outcome", "topic")

    def __init__(self, command: Command, channel: Channel, arguments: dict[str, Any]) -> None:
        self.command = command
        self.channel = channel
        self.arguments = arguments
        self.topic = channel.only_topic
        self.outcome: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()

    def give_up(self) -> None:
        """Not begun, it is forgotten; under way, it may still commit, and the same ref will tell."""
        if not self.outcome.done():
            self.outcome.set_result(Unavailable())

    @property
    def place(self) -> tuple[str, str]:
        """Batches of two processes take what they lock in one order."""
        return self.command.name, self.channel.name


async def write(command: Command, channel: Channel, arguments: dict[str, Any]) -> Any:
    """What the command's handler returns; it has committed.

    Raises:
        Unavailable: the database is away, or went away before it said whether it committed, or takes longer
            than ``KITH_COMMAND_TIMEOUT_S``.
        And whatever the handler raises.
    """
    until = asyncio.get_running_loop().time() + setting("KITH_COMMAND_TIMEOUT_S")
    if command.batch is not None or threads.is_serial():
        wish = Wish(command, channel, arguments)
        _gathering().add(wish, until)
        outcome = await wish.outcome
        if isinstance(outcome, BaseException):
            raise outcome
        if outcome is not APART:
            return outcome
    try:
        async with asyncio.timeout_at(until):
            return await threads.write(command.handler, channel, **arguments)
    except TimeoutError:
        raise Unavailable from None


class Gathering:
    """What waits in one event loop for a write under way to end."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._holding = holding.here()
        self._waiting: list[Wish] = []
        self._until: dict[Wish, float] = {}  # of all that are not answered, in the order of these moments
        self._timer: asyncio.TimerHandle | None = None  # one: to start one costs as much as a write
        self._lanes = 0  # batches under way
        self._under_way = 0  # commands in them

    def add(self, wish: Wish, until: float) -> None:
        """It is given up where it is not done ``until`` then, by the loop's time."""
        self._waiting.append(wish)
        self._until[wish] = until
        if self._timer is None:
            self._timer = self._loop.call_at(until, self._give_up)
        if self._may_begin(wish):
            self._lanes += 1
            # Not now: what other sockets have said in the same turn of the loop comes along.
            self._loop.call_soon(self._next)
        self._holding.begin(wish.topic)

    def _may_begin(self, wish: Wish) -> bool:
        """What comes while much is under way is better gathered; so is what would wait for its topic."""
        if self._lanes < min(STEADY, threads.lanes()):
            return True
        few = self._lanes < threads.lanes() and self._under_way < FEW
        return few and not self._holding.is_under_way(wish.topic)

    def _next(self) -> None:
        waiting: list[Wish] = []
        given_up: list[Wish] = []
        for wish in self._waiting:
            (given_up if wish.outcome.done() else waiting).append(wish)
        self._forget(given_up)
        most = 0 if self._lanes > STEADY and self._under_way >= FEW else MOST  # the other lanes take them
        wishes, self._waiting = waiting[:most], waiting[most:]
        if not wishes:
            self._lanes -= 1
            return
        self._under_way += len(wishes)
        wishes.sort(key=attrgetter("place"))
        done = threads.batch(functools.partial(commit, wishes))
        done.add_done_callback(functools.partial(self._written, wishes))

    def _written(self, wishes: list[Wish], done: Future[list[Outcome]]) -> None:
        """On the writing thread."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._answer, wishes, done)

    def _answer(self, wishes: list[Wish], done: Future[list[Outcome]]) -> None:
        self._under_way -= len(wishes)
        self._next()
        self._forget(wishes)
        outcomes = [error] * len(wishes) if (error := done.exception()) else done.result()
        for wish, outcome in zip(wishes, outcomes, strict=True):
            if not wish.outcome.done():
                wish.outcome.set_result(outcome)

    def _forget(self, wishes: Sequence[Wish]) -> None:
        for wish in wishes:
            self._until.pop(wish, None)
        self._holding.end(wish.topic for wish in wishes)

    def _give_up(self) -> None:
        self._timer = None
        for wish, until in list(self._until.items()):
            if until > self._loop.time():
                self._timer = self._loop.call_at(until, self._give_up)
                return
            del self._until[wish]
            wish.give_up()


_gatherings: WeakKeyDictionary[asyncio.AbstractEventLoop, Gathering] = WeakKeyDictionary()


def _gathering() -> Gathering:
    loop = asyncio.get_running_loop()
    if (found := _gatherings.get(loop)) is None:
        found = _gatherings[loop] = Gathering(loop)
    return found


# ── on the writing thread ───────────────────────────────────────────────────────────────────


def commit(wishes: Sequence[Wish]) -> list[Outcome]:
    """Do them in one transaction; of each what came of it. Raises nothing of the database's."""
    connection = connections[log.database()]
    committing = False
    try:
        with statements.joining(connection):
            _limit_waits(connection)
            outcomes = _do(wishes)
            if connection.needs_rollback or connection.closed_in_transaction:
                return [APART] * len(wishes)
            _keep_apart(connection)
            committing = True  # with what still waits to be executed
    except Exception as error:  # an app's batch form may raise anything
        if committing and not _is_refusal(error):
            logger.warning("a link broke while %s commands were committed", len(wishes), exc_info=True)
            return [Unavailable()] * len(wishes)
        if isinstance(error, OperationalError | InterfaceError) and not connection.is_usable():
            logger.warning("the database is away: %s commands were refused", len(wishes), exc_info=True)
            return [Unavailable()] * len(wishes)
        logger.info("a batch of %s commands is done one by one: %s", len(wishes), error)
        return [APART] * len(wishes)
    return outcomes


def _limit_waits(connection: Any) -> None:
    if connection.vendor == "postgresql":
        statements.postpone(connection, f"SET LOCAL lock_timeout = {LOCK_WAIT_MS}")


def _do(wishes: Sequence[Wish]) -> list[Outcome]:
    found: dict[Wish, Outcome] = {}
    together: dict[Callable[..., Any], list[Wish]] = {}
    for wish in wishes:
        if wish.command.batch is None:
            found[wish] = _alone(wish)
        else:
            together.setdefault(wish.command.batch, []).append(wish)
    for form, some in together.items():
        with publishing.gathering(log.database()):
            answers = form([Asked(wish.channel, wish.arguments) for wish in some])
        found |= zip(some, answers, strict=True)
    return [found[wish] for wish in wishes]


def _alone(wish: Wish) -> Outcome:
    try:
        with transaction.atomic(using=log.database()):
            return wish.command.handler(wish.channel, **wish.arguments) or {}
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:  # noqa: BLE001  # whatever an app's handler raises is told to who asked
        return error


def _keep_apart(connection: Any) -> None:
    """A callback that fails after the commit must not silence those of other commands."""
    connection.run_on_commit = [(sids, _robust(told), True) for sids, told, _ in connection.run_on_commit]


def _robust(told: Callable[[], object]) -> Callable[[], object]:
    def tell() -> None:  # Django names a callback that fails by its ``__qualname__``, which partials lack
        told()

    return told if hasattr(told, "__qualname__") else tell


def _is_refusal(error: Exception) -> bool:
    """Whether the database answered the last statements, COMMIT among them, and the answer was no."""
    if isinstance(error.__context__, DatabaseError | InterfaceError) and not _is_refusal(error.__context__):
        return False  # the link broke, and then something failed while it was made anew
    state = getattr(error.__cause__, "sqlstate", None)
    return isinstance(error, IntegrityError) if state is None else not state.startswith(_OPEN)
