"""Settings of the core: one table with every name, default and meaning (PROTOCOL §7).

A value is looked up in this order: the environment, Django's settings, the default. Durations
end in ``_S`` (seconds) or say their unit; sizes are bytes; a rate of 0 switches that limit off.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed


def _csv(value: str) -> list[str]:
    return [part.strip() for part in value.split(",") if part.strip()]


@dataclass(frozen=True)
class Setting:
    """One setting: ``cast`` turns the environment's text into its value."""

    default: Any
    cast: Callable[[str], Any]
    meaning: str


SETTINGS: dict[str, Setting] = {
    "KITH_ACCESS_MINUTES": Setting(30, int, "life of an access token"),
    "KITH_AUTH_TIMEOUT_S": Setting(10.0, float, "wait for a socket that offered no token"),
    "KITH_TOKEN_WARNING_S": Setting(60.0, float, "`token_expiring` is sent this long before expiry"),
    "KITH_COMMANDS_PER_MINUTE": Setting(60, int, "commands and REST writes that change, per user"),
    "KITH_SIGNALS_PER_MINUTE": Setting(60, int, "typing, read and status, per user"),
    "KITH_BAD_FRAMES_PER_MINUTE": Setting(60, int, "bad frames per socket, then close 4400"),
    "KITH_AUTH_FAILURES_PER_MINUTE": Setting(10, int, "refused tokens and passwords, per IP"),
    "KITH_SOCKETS_PER_IP_PER_MINUTE": Setting(120, int, "new sockets, per IP"),
    "KITH_SOCKETS_PER_USER_PER_MINUTE": Setting(60, int, "new sockets, per user"),
    "KITH_OPEN_SOCKETS_PER_USER": Setting(20, int, "sockets of one user open at once, in one process"),
    "KITH_POLLS_PER_MINUTE": Setting(240, int, "long polls, per user"),
    "KITH_CHANNELS_PER_SOCKET": Setting(200, int, "channels open at once on one /ws socket, stream or poll"),
    "KITH_FRAME_BYTES": Setting(64 * 1024, int, "hard limit of a frame from a client, close 1009"),
    "KITH_SOCKET_BACKLOG_BYTES": Setting(256 * 1024, int, "waiting for one socket before it is behind"),
    "KITH_SLOW_SOCKET_S": Setting(60.0, float, "a socket behind for this long is closed 1013"),
    "KITH_REPLAY_LIMIT": Setting(10_000, int, "most events replayed to one cursor"),
    "KITH_LOG_RETENTION_HOURS": Setting(168.0, float, "events older than this leave the log; 0: never"),
    "KITH_PRUNE_EVERY_S": Setting(3600.0, float, "how often a process looks for events that are too old"),
    "KITH_POLL_S": Setting(2.0, float, "how often the hub compares with the log"),
    "KITH_POLL_GATHER_S": Setting(0.25, float, "a long poll that has news waits this long for more"),
    "KITH_HOLE_WAIT_S": Setting(0.03, float, "wait for an overtaken event before reading the log"),
    "KITH_CONTENT_BYTES": Setting(10 * 1024, int, "longest `content`, bytes of UTF-8"),
    "KITH_UPLOAD_BYTES": Setting(10 * 1024 * 1024, int, "largest upload"),
    "KITH_UPLOAD_TYPES": Setting(
        [
            *("image/png", "image/jpeg", "image/gif", "image/webp"),
            *("audio/mpeg", "audio/ogg", "audio/wav", "audio/mp4", "audio/aac", "audio/webm"),
            *("video/mp4", "video/webm", "video/quicktime", "application/pdf", "text/plain"),
        ],
        _csv,
        "content types that may be uploaded",
    ),
    "KITH_CHAT_MEMBERS": Setting(1000, int, "members of a chat"),
    "KITH_PRESENCE_LEASE_S": Setting(30.0, float, "a process that is silent for so long holds nobody online"),
    "KITH_PRESENCE_GRACE_S": Setting(5.0, float, "a user without a socket stays online for so long"),
    "KITH_ALLOWED_ORIGINS": Setting([], _csv, "origins that may open sockets besides the host itself"),
    "KITH_COMMAND_TIMEOUT_S": Setting(5.0, float, "a command that takes longer is answered `unavailable`"),
    "KITH_OPENINGS_AT_ONCE": Setting(64, int, "sockets that sign in and open side by side in one process"),
    "KITH_OPENINGS_WAITING": Setting(4000, int, "sockets that wait their turn for that; more: close 1013"),
    "KITH_DRAIN_S": Setting(5.0, float, "a process that stops finishes what is under way for so long"),
    "KITH_RECONNECT_MS": Setting(1000, int, "clients come back within this time after a restart, at least"),
    "KITH_RECONNECTS_PER_S": Setting(500, int, "…spread over a longer time where they are more than this"),
    "WEBSOCKET_PING_INTERVAL": Setting(25, float, "seconds between server pings"),
    "WEBSOCKET_PING_TIMEOUT": Setting(60, float, "a socket silent for this long is closed"),
    "REDIS_URL": Setting("", str, "broker, limits and presence; empty: this process alone"),
}


@functools.cache
def setting(name: str) -> Any:
    """The value of one setting of the table above.

    Raises:
        ImproperlyConfigured: the environment's text does not fit, with the name and what fits.
        KeyError: ``name`` is not in the table, a mistake of the caller's.
    """
    entry = SETTINGS[name]
    text = os.environ.get(name)
    if text is None:
        return getattr(settings, name, entry.default)
    try:
        return entry.cast(text)
    except ValueError as error:
        raise ImproperlyConfigured(
            f"{name}={text!r} in the environment does not fit: {entry.meaning}; expected "
            f"{entry.cast.__name__.strip('_')}, for example {entry.default!r}."
        ) from error


def _forget(**_: Any) -> None:
    setting.cache_clear()


# Tests use Django's override_settings; without this they would see the first value for ever.
setting_changed.connect(_forget)
