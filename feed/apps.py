"""The feed app: posts, comments and reactions, over ``feed``."""

from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig


class FeedConfig(AppConfig):
    """Label ``kith_feed``, so that its tables never clash with a project's own ``feed``."""

    name = "feed"
    label = "kith_feed"
    verbose_name = "Kith feed"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from feed import selectors  # models are there only now
        from uploads import services

        import_module("feed.signals")  # its receivers connect themselves
        services.reader_register(reader=selectors.attachment_readable)
