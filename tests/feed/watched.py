"""Open feeds, held against what REST says.

async with watching(site, bob, carol) as [bobs, carols]:
    ...
    [row] = await bobs.hears("new_comment")
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any

from tests.feed.state import AROUND, Feed, told
from tests.harness.client import Client
from tests.harness.site import Site


class Watched:
    """One user's open feed, and what REST said before it opened."""

    def __init__(self, site: Site, user: Any, client: Client, feed: Feed) -> None:
        self.site, self.user, self.client, self.feed = site, user, client, feed

    async def hears(self, *types: str) -> list[Any]:
        """Exactly these events came since the last time, and they lead to what REST says."""
        frames = [await self.client.until(kind) for kind in types]
        assert [frame for frame in await self.client.barrier() if frame["type"] not in AROUND] == []
        self.feed.apply_all(frames)
        assert self.feed == Feed.read(self.site.api(self.user), self.user.pk)
        return told(frames)


@contextlib.asynccontextmanager
async def watching(site: Site, *users: Any) -> AsyncIterator[list[Watched]]:
    async with contextlib.AsyncExitStack() as stack:
        watched = []
        for user in users:
            feed = Feed.read(site.api(user), user.pk)
            client = await stack.enter_async_context(site.open("feed", user, since=feed.cursor))
            assert [frame["type"] for frame in client.opening] == ["connected", "caught_up"]
            watched.append(Watched(site, user, client, feed))
        yield watched
