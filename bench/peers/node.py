"""The two on Node.js: Socket.IO with its Redis adapter, and `ws`. They need npm, once."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from bench.ground import ROOT
from bench.peers.peer import Peer, Place, Served, one_room
from project.node import NodeMissingError, npm_find

FOLDER = ROOT / "bench" / "node"
INSTALLED = FOLDER / "node_modules" / ".package-lock.json"


class NodeUnavailableError(Exception):
    """There is no npm, or it could not install what is needed; says why."""


def node_ready() -> None:
    """See that the packages are there.

    Raises:
        NodeUnavailableError
    """
    try:
        npm = npm_find()
    except NodeMissingError as error:
        raise NodeUnavailableError(str(error)) from error
    lock = FOLDER / "package-lock.json"
    if INSTALLED.exists() and INSTALLED.stat().st_mtime >= lock.stat().st_mtime:
        return
    done = subprocess.run(
        [*npm, "ci", "--silent"],
        cwd=FOLDER,
        env=_environment(npm),
        capture_output=True,
        check=False,
        text=True,
    )
    if done.returncode:
        raise NodeUnavailableError(f"npm ci failed: {done.stderr.strip()[-300:]}")


def _environment(npm: list[str]) -> dict[str, str]:
    return {**os.environ, "PATH": f"{Path(npm[0]).parent}{os.pathsep}{os.environ.get('PATH', '')}"}


def _served(name: str, place: Place) -> Served:
    environment = {**_environment(npm_find()), "REDIS_URL": place.ground.redis.url}
    return Served(name, place, ["node", str(FOLDER / f"{name}.mjs"), "{port}"], environment)


SOCKET_IO = Peer(
    "socketio",
    "Socket.IO, Redis adapter",
    "socketio",
    lambda place: _served("socketio", place),
    one_room,
    needs_node=True,
)
WS = Peer("ws", "ws on Node", "plain", lambda place: _served("ws", place), one_room, needs_node=True)
