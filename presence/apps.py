"""The presence app: who is online, over ``online``."""

from __future__ import annotations

from django.apps import AppConfig


class PresenceConfig(AppConfig):
    """Label ``kith_presence``, so that its tables never clash with a project's own ``presence``."""

    name = "presence"
    label = "kith_presence"
    verbose_name = "Kith presence"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from presence import running  # models are there only now
        from realtime import signals

        for name in ("hub_started", "hub_stopping", "user_came", "user_left"):
            getattr(signals, name).connect(getattr(running, name), dispatch_uid=f"kith.presence.{name}")
