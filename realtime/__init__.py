"""Kith's core: events, channels and commands for Django, pushed over WebSockets.

The names below are its public face; they load on first use, because Django imports this package
before models exist.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from realtime.commands import command as command
    from realtime.consumers import ChannelConsumer as ChannelConsumer
    from realtime.events import CREATED as CREATED
    from realtime.events import DELETED as DELETED
    from realtime.events import DURABLE as DURABLE
    from realtime.events import EPHEMERAL as EPHEMERAL
    from realtime.events import LATEST as LATEST
    from realtime.events import STATE as STATE
    from realtime.events import UPDATED as UPDATED
    from realtime.events import Event as Event
    from realtime.events import ModelEvent as ModelEvent
    from realtime.publishing import abroadcast as abroadcast
    from realtime.publishing import apublish as apublish
    from realtime.publishing import asend_to_users as asend_to_users
    from realtime.publishing import broadcast as broadcast
    from realtime.publishing import publish as publish
    from realtime.publishing import send_to_users as send_to_users
    from realtime.rights import close_sockets as close_sockets
    from realtime.tallies import Tally as Tally

_HOME = {
    "realtime.consumers": ["ChannelConsumer"],
    "realtime.commands": ["command"],
    "realtime.events": [
        "CREATED",
        "DELETED",
        "UPDATED",
        "DURABLE",
        "EPHEMERAL",
        "STATE",
        "LATEST",
        "Event",
        "ModelEvent",
    ],
    "realtime.publishing": [
        "publish",
        "broadcast",
        "send_to_users",
        "apublish",
        "abroadcast",
        "asend_to_users",
    ],
    "realtime.rights": ["close_sockets"],
    "realtime.tallies": ["Tally"],
}
_WHERE = {name: module for module, names in _HOME.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module 'realtime' has no attribute {name!r}")
    return getattr(importlib.import_module(_WHERE[name]), name)
