"""Clients that stop reading, with so little room that the rest waits in the server."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from tests.harness.client import Client
from tests.harness.site import Site

MUCH = ["x" * 10_000] * 800  # more than the buffers of the kernel take: the rest waits in the server


@asynccontextmanager
async def little_room(site: Site, path: str, user: Any, since: object = None) -> AsyncIterator[Client]:
    """A socket for which the kernel buffers little."""
    with socket.socket() as link:
        link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)
        link.connect(("127.0.0.1", site.port))
        async with site.connect(path, token=site.token(user), since=since, sock=link) as client:
            yield client


def read_on(client: Client) -> None:
    link = client.socket.transport.get_extra_info("socket")
    link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024 * 1024)  # TCP crawls through little room
    client.socket.transport.resume_reading()


@asynccontextmanager
async def stuck_in_its_replay(site: Site, path: str, user: Any) -> AsyncIterator[Client]:
    """A socket that asked for everything and stopped reading once it was told that it comes."""
    async with little_room(site, path, user, since=0) as client:
        await client.until("connected")
        client.socket.transport.pause_reading()
        yield client
