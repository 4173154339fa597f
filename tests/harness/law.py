"""The law of every event: *state read by REST before + events received = state read by REST after*.

An app declares a `View` (tests/harness/views.py) for its channel: which lists make the state, and what each
event changes in it. Here is how the law is put to the test, the same for all of them:

    async with watching(site, {"alice": alice, "bob": bob}, [Ties, Feed]) as watch:
        site.run(post_create, author=alice, content="hi")
        assert await watch.changed() == {"feed": {"alice", "bob"}}

`Watch.changed` waits until everything is told, and holds it for every user against what REST says now: what
came live, and what one who was away since the first reading gets by its cursors (on `/ws`, so that both kinds
of sockets are used).
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

from websockets.exceptions import ConnectionClosed

from tests.harness.client import Client, Frame, SocketClosed
from tests.harness.rows import row_of
from tests.harness.site import Site
from tests.harness.views import Rest, View
from tests.harness.waiting import eventually

T = TypeVar("T")

ViewKind = Callable[[Rest], View]

WITHIN_S = 20.0  # a busy machine; every wait ends much sooner


class Watcher:
    """One user, with views that are kept by what sockets tell, each by a socket of its own."""

    def __init__(self, site: Site, user: Any, kinds: Sequence[ViewKind]) -> None:
        self.site, self.user = site, user
        self.rest = Rest(site, user)
        self.views: list[View] = []
        self.sockets: list[Client] = []
        self._kinds = kinds
        self._first: list[View] = []
        self._told: list[Any] = []

    @property
    def facts(self) -> list[Any]:
        return [view.facts for view in self.views]

    @property
    def view(self) -> Any:
        """The only one."""
        [view] = self.views
        return view

    @property
    def client(self) -> Client:
        """The only socket."""
        [client] = self.sockets
        return client

    async def open(self, stack: contextlib.AsyncExitStack) -> None:
        """Read by REST, then open the sockets, each from its reading's cursor on."""
        stack.callback(self.rest.api.close)
        self.views = [*await together(partial(kind, self.rest) for kind in self._kinds)]
        self._first, self._told = [view.fork() for view in self.views], self.facts
        for view in self.views:
            link = self.site.open(view.channel, self.user, since=view.cursor)
            client = await stack.enter_async_context(link)
            assert client.opening[0]["recovered"], client.opening
            self.sockets.append(client)
            view.apply_all(client.opening)

    async def hear(self) -> list[Frame]:
        """Apply what came on all sockets since the last time. The events."""
        heard = []
        for view, client in zip(self.views, self.sockets, strict=True):
            frames = [frame for frame in await _waiting(client) if view.hears(frame)]
            view.apply_all(frames)
            heard += frames
        return heard

    async def hears(self, *types: str) -> list[Any]:
        """Exactly these events came since the last time, in any order, and lead to what REST says: their
        rows, in the order of ``types``."""
        heard: list[Frame] = []

        async def all_came() -> bool:
            heard.extend(await self.hear())
            return Counter(types) <= Counter(frame["type"] for frame in heard)

        with contextlib.suppress(TimeoutError):  # what is missing is shown below
            await eventually(all_came, within=WITHIN_S)
        assert Counter(frame["type"] for frame in heard) == Counter(types)
        await self.agrees()
        by_type = {kind: [frame for frame in heard if frame["type"] == kind] for kind in types}
        return [row_of(by_type[kind].pop(0), self.view.rows) for kind in types]

    async def does(self, command: str, **fields: Any) -> Frame:
        """The ack of a command on the only socket."""
        answer = await self.client.command({"type": command, **fields})
        assert answer["type"] == "ack", answer
        return answer

    async def agrees(self) -> list[View]:
        """Wait until every view is what REST says; that.

        Raises:
            AssertionError: it does not become so.
        """
        now = [*await together(view.again for view in self.views)]

        async def agreed() -> bool:
            await self.hear()
            for place, (mine, rests) in enumerate(zip(self.views, now, strict=True)):
                if mine.facts != rests.facts:
                    now[place] = rests.again() if rests.is_late else rests
                    return False
            return True

        with contextlib.suppress(TimeoutError):  # the difference is shown below
            await eventually(agreed, within=WITHIN_S)
        for mine, rests in zip(self.views, now, strict=True):
            assert mine.facts == rests.facts, f"{mine.channel} of {self.user}, live"
        return now

    async def settle(self) -> None:
        """The law, for this user: live, and for one who returns with the cursors of the first reading.

        Raises:
            AssertionError: it does not hold.
        """
        now = await self.agrees()
        due = await self._return(now)

        async def all_told() -> bool:
            await self.hear()
            return not due - self._ids

        with contextlib.suppress(TimeoutError):
            await eventually(all_told, within=WITHIN_S)
        assert due - self._ids == set(), "events that are replayed, but were not told live"

    @property
    def _ids(self) -> set[int]:
        return {frame["id"] for client in self.sockets for frame in client.seen if "id" in frame}

    async def _return(self, now: list[View]) -> set[int]:
        """Be another device, which was away since the first reading. The ids of all it is told."""
        views = [view.fork() for view in self._first]
        async with self.site.connect("", token=self.site.token(self.user)) as client:
            for view in views:
                if not await _subscribe(client, views, channel=view.channel, since=view.cursor):
                    view.lose()
            beside = {channel for view in views for channel in view.beside()}
            for channel in beside - {view.channel for view in views}:
                assert await _subscribe(client, views, channel=channel)
        assert all(frame.get("recovered", True) for frame in client.seen), client.seen
        for view, rests in zip(views, now, strict=True):
            assert view.facts == rests.facts, f"{view.channel} of {self.user}, by replay"
        return {frame["id"] for frame in client.seen if "id" in frame}

    def changed(self) -> set[str]:
        """The channels of which something changed since the last call."""
        before, self._told = self._told, self.facts
        return {
            view.channel.partition("/")[0]
            for view, old, new in zip(self.views, before, self._told, strict=True)
            if old != new
        }


class Watch:
    """Several users who watch."""

    def __init__(self, watchers: Mapping[Any, Watcher]) -> None:
        self.watchers = watchers

    async def begin(self) -> None:
        """Wait until what their own coming changed is told."""
        everyone = {watcher.user.pk for watcher in self.watchers.values()}

        async def all_came() -> bool:
            for watcher in self.watchers.values():
                await watcher.hear()
            views = [view for watcher in self.watchers.values() for view in watcher.views]
            return all(view.expects(everyone) for view in views)

        await eventually(all_came, within=WITHIN_S)
        for watcher in self.watchers.values():
            watcher.changed()

    async def changed(self) -> dict[str, set[Any]]:
        """The law, for everyone; what changed since the last call, by channel: for whom.

        Raises:
            AssertionError: the law does not hold.
        """
        async with asyncio.TaskGroup() as tasks:
            for watcher in self.watchers.values():
                tasks.create_task(watcher.settle())
        for watcher in self.watchers.values():  # by now, whatever somebody should not hear has come, too
            facts = watcher.facts
            await watcher.hear()
            assert watcher.facts == facts, f"{watcher.user} was told more"
        found: dict[str, set[Any]] = {}
        for name, watcher in self.watchers.items():
            for channel in watcher.changed():
                found.setdefault(channel, set()).add(name)
        return found


@contextlib.asynccontextmanager
async def watching(site: Site, users: Mapping[Any, Any], kinds: Sequence[ViewKind]) -> AsyncIterator[Watch]:
    """Each of these users reads by REST, opens a socket for each kind of view, and watches."""
    async with contextlib.AsyncExitStack() as stack:
        watchers = {name: Watcher(site, user, kinds) for name, user in users.items()}
        async with asyncio.TaskGroup() as tasks:
            for watcher in watchers.values():
                tasks.create_task(watcher.open(stack))
        watch = Watch(watchers)
        await watch.begin()
        yield watch


async def together(works: Iterable[Callable[[], T]]) -> list[T]:
    """What each returns; side by side, in threads."""
    return await asyncio.gather(*map(asyncio.to_thread, works))


async def _subscribe(client: Client, views: Iterable[View], **to: str) -> bool:
    """Whether the channel is open now, and its events applied (to every view: a socket gets a frame once)."""
    await client.send({"type": "subscribe", **to})
    frames = await client.barrier(within=WITHIN_S)
    for view in views:
        view.apply_all(frames)
    return "error" not in [frame["type"] for frame in frames]


async def _waiting(client: Client) -> list[Frame]:
    """What the server sent by now. A socket that it closed has told all, and why: a right that ended."""
    try:
        return await client.barrier(within=WITHIN_S)
    except (SocketClosed, ConnectionClosed):
        assert await client.closed() == 4403
        return client.take()
