"""The uploads app: files that people attach to messages and posts."""

from __future__ import annotations

from django.apps import AppConfig


class UploadsConfig(AppConfig):
    name = "uploads"
    label = "kith_uploads"  # the table never clashes with a project's own `uploads`
    verbose_name = "Uploads"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from uploads import checks, signals  # models are there only now

        checks.register()
        signals.connect()
