"""The generator's process: reads what to do from standard input, one JSON object a line, and answers each
with one line on standard output: ``{"answer": …}`` or ``{"error": …}``.

    {"do": "serve", "port": 8000, "dialect": "kith", "server_pid": 1, "timed": false}    to which server
    {"do": "connect", "seats": [{"path": "/ws/messages/1", "token": "…", "room": "1"}], "at_once": 64}
    {"do": "come_back", "seats": […], "missed": 10, "within": 60}
    {"do": "fan_out", "in_flight": 4, "seconds": 1}
    {"do": "pace", "per_s": 18, "seconds": 5}
    {"do": "save", "senders": 50, "seconds": 2}
    {"do": "close"}
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
from typing import Any

import uvloop

from bench.generator.crowd import Crowd

LINE_BYTES = 64 * 1024 * 1024  # thousands of tokens


class Generator:
    """Holds the crowd of the server that is measured now."""

    def __init__(self) -> None:
        self._crowd: Crowd | None = None

    async def do(self, ask: dict[str, Any]) -> Any:
        """Raises whatever went wrong."""
        name = ask.pop("do")
        if name == "serve":
            self._crowd = Crowd(**ask)
            return None
        assert self._crowd is not None, "the first to do is `serve`"
        if name == "close":
            self._crowd.close()
            return None
        return await getattr(self._crowd, name)(**ask)


async def main() -> None:
    """Answer until the input ends."""
    loop = asyncio.get_running_loop()
    lines = asyncio.StreamReader(limit=LINE_BYTES)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    generator = Generator()
    gc.disable()  # its pauses would be told as the server's
    while line := await lines.readline():
        gc.collect()
        try:
            said = {"answer": await generator.do(json.loads(line))}
        except Exception as error:  # noqa: BLE001  # told to the one who asked
            said = {"error": f"{type(error).__name__}: {error} {_causes(error)}"}
        sys.stdout.write(json.dumps(said) + "\n")
        sys.stdout.flush()


def _causes(error: Exception) -> str:
    causes = error.exceptions if isinstance(error, ExceptionGroup) else ()
    return "; ".join(sorted({f"{type(cause).__name__}: {cause}" for cause in causes}))[:2000]


if __name__ == "__main__":
    uvloop.run(main())
