"""REST as a client that outlives breaks: the next server with each request."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx

from tests.faults.link import Servers
from tests.harness.site import PLAIN

WITHIN_S = 5.0
RETRY_S = 0.3


class Rest:
    """A context manager; requests go to the servers in turn."""

    def __init__(self, servers: Servers, token: str) -> None:
        self._servers = Servers(servers.ports)
        headers = {"Authorization": f"Bearer {token}"}
        self._client = httpx.AsyncClient(headers=headers, timeout=WITHIN_S, trust_env=False, verify=PLAIN)

    async def __aenter__(self) -> Rest:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()

    async def ask(self, method: str, path: str, **options: Any) -> httpx.Response | None:
        """The answer of the next server; None: it gave none."""
        url = f"http://127.0.0.1:{self._servers.next()}{path}"
        try:
            return await self._client.request(method, url, **options)
        except httpx.TransportError:
            return None

    async def read(self, path: str) -> dict[str, Any]:
        """What is there, asked for until somebody answers 200."""
        while True:
            answer = await self.ask("GET", path)
            if answer is not None and answer.status_code == 200:
                page: dict[str, Any] = answer.json()
                return page
            await asyncio.sleep(RETRY_S)
