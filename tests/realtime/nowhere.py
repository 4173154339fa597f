"""Settings of a project whose ASGI application does not exist: every worker fails at its start."""

from tests.settings import *  # noqa: F403

ASGI_APPLICATION = "tests.realtime.nowhere.application"
