"""Settings of every test: the project's own, with short durations, no rates, and nothing of this machine.

Two kinds of process load them. The pytest process clears what the machine (or a `.env`) says of
databases, Redis and `KITH_*`. A process started by the harness is told by three variables,
and keeps its `KITH_*` variables, which the test chose:

    KITH_TEST_DATABASE_URL   its database; unset marks the pytest process, for which conftest.py makes one
    KITH_TEST_REDIS_URL      its Redis; unset or empty: none
    KITH_TEST_FOLDER         where uploads go; unset: a new name, and conftest.py makes and removes the folder
"""

from __future__ import annotations

import importlib
import os
import secrets
import tempfile
from pathlib import Path
from unittest import mock

KITH_TEST_FOLDER = Path(
    os.environ.get("KITH_TEST_FOLDER") or f"{tempfile.gettempdir()}/kith-test-{secrets.token_hex(6)}"
)

if "KITH_TEST_DATABASE_URL" not in os.environ:
    for name in [name for name in os.environ if name.startswith(("KITH_", "WEBSOCKET_"))]:
        del os.environ[name]

os.environ.update(
    DATABASE_URL=os.environ.get("KITH_TEST_DATABASE_URL") or "sqlite://:memory:",
    REDIS_URL=os.environ.get("KITH_TEST_REDIS_URL", ""),
    REDISCLOUD_URL="",
    SECRET_KEY="tests-only-and-long-enough-for-HS256-and-for-Django's-own-check",
    DEBUG="0",
    ALLOWED_HOSTS="127.0.0.1,localhost,testserver",
)

with mock.patch("environ.Env.read_env"):  # a developer's `.env`
    project = importlib.import_module("project.settings")
globals().update({name: value for name, value in vars(project).items() if name.isupper()})

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
MEDIA_ROOT = KITH_TEST_FOLDER / "media"
STATIC_ROOT = KITH_TEST_FOLDER / "static"  # what was once collected here is older than what is tested
WHITENOISE_USE_FINDERS = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = False  # the test servers speak plain HTTP

# Durations short enough to be waited for; a test of one of them sets its own.
KITH_POLL_S = 0.25
KITH_AUTH_TIMEOUT_S = 3.0
KITH_TOKEN_WARNING_S = 1.0
KITH_RECONNECT_MS = 100

# Every client is 127.0.0.1 and many tests share a server: rates are off unless a test turns one on.
KITH_COMMANDS_PER_MINUTE = 0
KITH_SIGNALS_PER_MINUTE = 0
KITH_BAD_FRAMES_PER_MINUTE = 0
KITH_AUTH_FAILURES_PER_MINUTE = 0
KITH_SOCKETS_PER_IP_PER_MINUTE = 0
KITH_SOCKETS_PER_USER_PER_MINUTE = 0
KITH_POLLS_PER_MINUTE = 0
