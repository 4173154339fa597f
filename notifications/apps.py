"""The notifications app: what a person should hear of, over ``notifications``."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.contrib.auth import get_user_model
from django.db.models.signals import pre_delete


class NotificationsConfig(AppConfig):
    """Label ``kith_notifications``, so that its tables never clash with a project's own ``notifications``."""

    name = "notifications"
    label = "kith_notifications"
    verbose_name = "Kith notifications"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        pre_delete.connect(_user_deleted, sender=get_user_model(), dispatch_uid="kith.notifications.forget")


def _user_deleted(instance: Any, **_: Any) -> None:
    from notifications import services  # models are there only when all apps are ready

    services.person_forget(person=instance)
