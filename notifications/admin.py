"""Notifications in the admin. They are made by what people do: here one looks, marks read and deletes."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.contrib.auth import get_user_model
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.text import Truncator

from notifications import services
from notifications.models import Cause, Inbox, Notification
from realtime.admin_pages import ModelAdmin, count_of

USERNAME = get_user_model().USERNAME_FIELD


class LooksOnly(ModelAdmin):
    """Nothing is added or changed by hand."""

    show_full_result_count = False  # counting millions of rows on every search costs more than it tells
    ordering = ("-id",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_mark_permission(self, request: HttpRequest) -> bool:
        """Who may change notifications may mark them read, which is all that there is to change."""
        return request.user.has_perm("kith_notifications.change_notification")


class TypeFilter(admin.SimpleListFilter):
    """The types that there are, a project's own among them."""

    title = parameter_name = "type"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        found = Notification.objects.order_by("type").values_list("type", flat=True).distinct()
        return [(name, name.replace("_", " ").capitalize()) for name in found]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Notification]) -> QuerySet[Notification]:
        return queryset if self.value() is None else queryset.filter(type=self.value())


@admin.register(Notification)
class NotificationAdmin(LooksOnly):
    list_display = ("id", "recipient", "type", "actor", "count", "excerpt", "read", "timestamp")
    list_filter = ("read", TypeFilter, "timestamp")
    list_select_related = ("recipient", "actor")
    search_fields = ("=id", "text", "=post_id", "=chat_id", f"recipient__{USERNAME}", f"actor__{USERNAME}")
    search_help_text = "Id, text, a post's or chat's id, or a username"
    date_hierarchy = "timestamp"
    fields = (
        *("recipient", "type", "actor", "count", "group_key", "post_id", "comment_id", "chat_id"),
        *("text", "data", "read", "timestamp"),
    )
    actions = ("mark_read",)

    @admin.display(ordering="text", description="text")
    def excerpt(self, notification: Notification) -> str:
        return Truncator(notification.text).chars(80)

    @admin.action(description="Mark read", permissions=["mark"])
    def mark_read(self, request: HttpRequest, queryset: QuerySet[Notification]) -> None:
        marked = services.notifications_mark_read(notifications=queryset)
        self.message_user(request, f"{marked} notifications are read now.", messages.SUCCESS)

    def delete_model(self, request: HttpRequest, obj: Notification) -> None:
        services.notifications_delete(notifications=Notification.objects.filter(pk=obj.pk))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Notification]) -> None:
        services.notifications_delete(notifications=queryset)


@admin.register(Cause)
class CauseAdmin(LooksOnly):
    """Deleting one withdraws it: its notification says and counts what remains."""

    list_display = ("id", "actor", "type", "recipient", "notification_id", "comment_id", "timestamp")
    list_filter = ("timestamp",)
    list_select_related = ("actor", "notification__recipient")
    search_fields = ("=notification__id", "=comment_id", f"actor__{USERNAME}")
    search_help_text = "The notification's or comment's id, or the actor's username"
    date_hierarchy = "timestamp"
    fields = ("notification", "actor", "comment_id", "text", "data", "timestamp")

    @admin.display(ordering="notification__type")
    def type(self, cause: Cause) -> str:
        return cause.notification.type

    @admin.display(ordering="notification__recipient")
    def recipient(self, cause: Cause) -> Any:
        return cause.notification.recipient

    def delete_model(self, request: HttpRequest, obj: Cause) -> None:
        services.causes_withdraw(causes=Cause.objects.filter(pk=obj.pk))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Cause]) -> None:
        services.causes_withdraw(causes=Cause.objects.filter(pk__in=queryset.values("pk")))


@admin.register(Inbox)
class InboxAdmin(LooksOnly):
    list_display = ("user", "unread", "muted")
    list_select_related = ("user",)
    search_fields = (f"user__{USERNAME}",)
    search_help_text = "Username"
    fields = ("user", "unread", "muted")
    readonly_fields = ("unread",)
    actions = ("mark_all_read",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Inbox]:
        counted = count_of(Notification.objects.filter(read=False), "recipient", key="user")
        return super().get_queryset(request).annotate(unread_count=counted)

    @admin.display(ordering="unread_count")
    def unread(self, inbox: Any) -> int:
        return inbox.unread_count

    @admin.action(description="Mark everything read", permissions=["mark"])
    def mark_all_read(self, request: HttpRequest, queryset: QuerySet[Inbox]) -> None:
        chosen = queryset.values("user")
        unread = Notification.objects.filter(recipient__in=chosen, read=False)
        marked = services.notifications_mark_read(notifications=unread)
        self.message_user(request, f"{marked} notifications are read now.", messages.SUCCESS)
