"""The connections app: ties between people: requests, the tie itself, blocks, over ``connections``."""

from __future__ import annotations

from django.apps import AppConfig


class ConnectionsConfig(AppConfig):
    """Label ``kith_connections``, so that its tables never clash with a project's own ``connections``."""

    name = "connections"
    label = "kith_connections"
    verbose_name = "Kith connections"
    default_auto_field = "django.db.models.BigAutoField"
