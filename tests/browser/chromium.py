"""Which browser the tests drive: one that is installed, else Debian's Chromium.

`make test` runs this file before pytest:

    python -m tests.browser.chromium     install Chromium unless there is a browser; else say what to type

`CHROME_BIN=/path/to/chrome` names another one. Playwright's own builds are not used: its driver comes
from a Python package, but they would be a download from elsewhere.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PACKAGES = ("chromium", "fonts-noto-color-emoji")  # without the font a reaction is an empty box

ARGUMENTS = [
    "--no-sandbox",  # a container's root has none
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Two people's windows: the one behind must not be slowed down.
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
]


class NoBrowser(Exception):
    """There is none; says what to type."""


def find() -> str:
    """The path of an installed browser.

    Raises:
        NoBrowser: none is installed, or `CHROME_BIN` names something that is no program.
    """
    named = os.environ.get("CHROME_BIN")
    if named:
        path = shutil.which(named)
        if path is None:
            raise NoBrowser(f"CHROME_BIN names {named}, and there is no such program.")
        return path
    for name in NAMES:
        path = shutil.which(name)
        if path is not None:
            return path
    raise NoBrowser(
        f"The browser tests need Chromium, and there is none of {', '.join(NAMES)}. Type\n\n"
        f"    sudo apt-get install {' '.join(PACKAGES)}\n\n"
        "or name another browser of its kind: make test CHROME_BIN=/path/to/it"
    )


def ensure() -> str:
    """``find()``, after installing Chromium where there is no browser and we may. Raises as ``find``."""
    if "CHROME_BIN" not in os.environ and not any(map(shutil.which, NAMES)):
        _install()
    return find()


def _install() -> None:
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        return
    sys.stderr.write(f"Installing {' and '.join(PACKAGES)} ...\n")
    for step in (["update"], ["install", "--yes", "--no-install-recommends", *PACKAGES]):
        subprocess.run(
            ["apt-get", "--quiet=2", *step],
            env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"},
            check=False,
        )


if __name__ == "__main__":
    try:
        ensure()
    except NoBrowser as error:
        sys.exit(str(error))
