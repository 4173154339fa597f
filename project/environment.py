"""The first `.env`: what a development checkout needs that must not be in git.

Run as `python -m project.environment`; the Makefile does so when there is no `.env`.
"""

import os
import secrets
import sys
from pathlib import Path

ENV_FILE = Path(__file__).resolve().parent.parent / ".env"
TEMPLATE = """\
# Kith's settings on this machine, written once by `make run`; git ignores this file.
# Real environment variables win over it.
DEBUG=1
SECRET_KEY={secret_key}
"""


def env_file_create(path: Path) -> bool:
    """Write a development `.env` that only its owner can read; True if it was written.

    A file that exists is never touched: it may hold the key that signed live sessions.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(TEMPLATE.format(secret_key=secrets.token_urlsafe(48)))
    return True


if __name__ == "__main__":
    if env_file_create(ENV_FILE):
        sys.stdout.write(f"Wrote {ENV_FILE.name} with DEBUG=1 and a new SECRET_KEY.\n")
