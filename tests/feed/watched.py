"""Open feeds, held against what REST says.

async with watching(site, bob, carol) as [bobs, carols]:
    ...
    [row] = await bobs.hears("new_comment")
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any

from tests.feed.state import Feed
from tests.harness import law
from tests.harness.law import Watcher
from tests.harness.site import Site


@contextlib.asynccontextmanager
async def watching(site: Site, *users: Any) -> AsyncIterator[list[Watcher]]:
    async with law.watching(site, dict(enumerate(users)), [Feed]) as watch:
        yield [*watch.watchers.values()]
