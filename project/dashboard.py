"""The figures on the admin's first page."""

from __future__ import annotations

from typing import Any, NamedTuple

from django.apps import apps
from django.db.models import Model
from django.http import HttpRequest
from django.utils import timezone

from presence.selectors import online_count
from realtime import hub

MOST = 10_000  # rows that are looked at for one figure: it costs the same on a table of any size
TODAY = (
    ("Messages today", "kith_chat.Message"),
    ("Posts today", "kith_feed.Post"),
    ("Comments today", "kith_feed.Comment"),
    ("Requests today", "kith_connections.Request"),
    ("Connections today", "kith_connections.Connection"),
)


class Figure(NamedTuple):
    title: str
    value: str


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Unfold's callback: adds ``figures``, of what this user may see. One query each."""
    running = hub.current()
    sockets = len(running.sockets) if running else 0
    figures = [
        Figure("Users online", f"{online_count():,}"),
        Figure("Sockets of this process", f"{sockets:,}"),
    ]
    for title, name in TODAY:
        model = apps.get_model(name)
        if request.user.has_perm(f"{model._meta.app_label}.view_{model._meta.model_name}"):
            figures.append(Figure(title, _today(model)))
    return context | {"figures": figures}


def _today(model: type[Model]) -> str:
    rows = model._default_manager.all()
    newest = rows.order_by("-pk").values("pk")[:MOST]
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    found = rows.filter(pk__in=newest, timestamp__gte=midnight).count()
    return f"{found:,}" if found < MOST else f"{MOST:,} or more"
