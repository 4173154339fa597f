"""System checks: what would break Kith's promises is refused at start, with the way out."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core import checks
from django.core.exceptions import ImproperlyConfigured
from django.db import connections, router

from realtime import log
from realtime.conf import SETTINGS, setting
from realtime.events import model_events

DEFAULT_KEY_PREFIX = "django-insecure-"


def register() -> None:
    """Called when Django is ready."""
    for check in (
        settings_fit,
        one_database,
        isolation_level,
        secret_key,
        origins,
        layer,
        postgresql_version,
    ):
        checks.register(check, "kith")


def settings_fit(**_: Any) -> list[checks.CheckMessage]:
    """A value in the environment that does not fit is told at start, not when it is needed."""
    found: list[checks.CheckMessage] = []
    for name in SETTINGS:
        try:
            setting(name)
        except ImproperlyConfigured as error:
            found.append(checks.Error(str(error), hint=f"Set {name} anew, or unset it.", id="kith.E007"))
    return found


def one_database(**_: Any) -> list[checks.CheckMessage]:
    """An event commits with its change only in the same database."""
    return [
        checks.Error(
            f"{model._meta.label} is written to the database {router.db_for_write(model)!r}, its events to "
            f"{log.database()!r}; they could not commit together.",
            hint="Route kith_realtime and the models of your events to one database.",
            id="kith.E001",
        )
        for model in model_events
        if router.db_for_write(model) != log.database()
    ]


def isolation_level(**_: Any) -> list[checks.CheckMessage]:
    """Numbers are given at COMMIT by reading what others committed meanwhile."""
    options = settings.DATABASES[log.database()].get("OPTIONS", {})
    level = options.get("isolation_level")
    if connections[log.database()].vendor != "postgresql" or level is None or int(level) == 2:
        return []  # 2: psycopg's READ_COMMITTED
    return [
        checks.Error(
            "Kith needs READ COMMITTED: under another isolation level writers of one topic fail each other.",
            hint="Remove isolation_level from DATABASES, and set it for the transactions that need it.",
            id="kith.E002",
        )
    ]


def secret_key(**_: Any) -> list[checks.CheckMessage]:
    """Whoever knows the key signs tokens as anyone."""
    key = str(settings.SECRET_KEY)
    if settings.DEBUG or not (key.startswith(DEFAULT_KEY_PREFIX) or len(key) < 32):
        return []
    return [
        checks.Error(
            "SECRET_KEY is a default or shorter than 32 characters, and DEBUG is off.",
            hint="Set SECRET_KEY to a long random text, for example of `openssl rand -base64 48`.",
            id="kith.E003",
        )
    ]


def origins(**_: Any) -> list[checks.CheckMessage]:
    """A foreign page must not open sockets with the user's cookie."""
    if settings.DEBUG or "*" not in [*setting("KITH_ALLOWED_ORIGINS"), *settings.ALLOWED_HOSTS]:
        return []
    return [
        checks.Error(
            "KITH_ALLOWED_ORIGINS or ALLOWED_HOSTS holds '*', and DEBUG is off.",
            hint="Name the origins, for example KITH_ALLOWED_ORIGINS=https://example.org.",
            id="kith.E004",
        )
    ]


def layer(**_: Any) -> list[checks.CheckMessage]:
    """With REDIS_URL the hub talks to other processes through the default channel layer."""
    backend = getattr(settings, "CHANNEL_LAYERS", {}).get("default", {}).get("BACKEND", "")
    if not setting("REDIS_URL") or "channels_redis" in backend:
        return []
    return [
        checks.Error(
            f"REDIS_URL is set, but CHANNEL_LAYERS['default'] is {backend or 'missing'}.",
            hint="Use channels_redis.pubsub.RedisPubSubChannelLayer with hosts=[REDIS_URL].",
            id="kith.E005",
        )
    ]


def postgresql_version(databases: Any = None, **_: Any) -> list[checks.CheckMessage]:
    """`pg_current_xact_id` came with 13. Asked only where databases are checked (`migrate`)."""
    connection = connections[log.database()]
    if log.database() not in (databases or ()) or connection.vendor != "postgresql":
        return []
    version: int = connection.pg_version  # type: ignore[attr-defined]
    if version >= 130000:
        return []
    return [checks.Error("Kith needs PostgreSQL 13 or newer.", hint="Upgrade the server.", id="kith.E006")]
