"""The chat app: direct and group chats over `messages/<chat_id>` and `messages`."""

from __future__ import annotations

from django.apps import AppConfig


class ChatConfig(AppConfig):
    """Label ``kith_chat``, so that its tables never clash with a project's own ``chat``."""

    name = "chat"
    label = "kith_chat"
    verbose_name = "Kith chat"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from chat import selectors  # models are there only now
        from uploads import services

        services.reader_register(reader=selectors.attachment_readable)
