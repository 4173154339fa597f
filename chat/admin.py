"""Chat in Django's admin. What is saved and deleted here reaches open sockets like anything else."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth import get_user_model
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.text import Truncator

from chat import services
from chat.models import Chat, Membership, Message, Reaction
from realtime.admin_pages import ContentForm, ModelAdmin, PicksUsers, TabularInline, count_of

USERNAME = get_user_model().USERNAME_FIELD


class MembershipInline(PicksUsers, TabularInline):
    model = Membership
    extra = 0
    fields = ("user", "role", "joined_at", "last_read_message_id")
    readonly_fields = ("joined_at", "last_read_message_id")
    user_fields = ("user",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Membership]:
        return super().get_queryset(request).select_related("user", "chat")


@admin.register(Chat)
class ChatAdmin(ModelAdmin):
    list_display = ("__str__", "kind", "history", "members", "said", "created_at")
    list_filter = ("kind", "history")
    search_fields = ("=id", "title", f"memberships__user__{USERNAME}")
    search_help_text = "Id, title, or the username of a member"
    date_hierarchy = "created_at"
    ordering = ("-id",)
    readonly_fields = ("kind", "created_at")
    inlines = (MembershipInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Chat]:
        return (
            super()
            .get_queryset(request)
            .annotate(
                member_count=count_of(Membership.objects.all(), "chat"),
                message_count=count_of(Message.objects.all(), "chat"),
            )
        )

    def get_readonly_fields(self, request: HttpRequest, obj: Chat | None = None) -> tuple[str, ...]:
        direct = obj is not None and obj.is_direct  # shows everything, has no title
        return (*self.readonly_fields, "title", "history") if direct else self.readonly_fields

    @admin.display(ordering="member_count")
    def members(self, chat: Any) -> int:
        return chat.member_count

    @admin.display(ordering="message_count", description="messages")
    def said(self, chat: Any) -> int:
        return chat.message_count


@admin.register(Membership)
class MembershipAdmin(PicksUsers, ModelAdmin):
    list_display = ("user", "chat", "role", "joined_at", "last_read_message_id")
    list_filter = ("role", "chat__kind")
    list_select_related = ("user", "chat")
    search_fields = ("=chat__id", "chat__title", f"user__{USERNAME}")
    search_help_text = "Chat's id or title, or username"
    date_hierarchy = "joined_at"
    ordering = ("-id",)
    autocomplete_fields = ("chat",)
    user_fields = ("user",)
    fields = ("chat", "user", "role", "joined_at", "last_read_message_id")
    readonly_fields = ("joined_at", "last_read_message_id")

    def get_readonly_fields(self, request: HttpRequest, obj: Membership | None = None) -> tuple[str, ...]:
        # Another person in the same row would be told to nobody: remove one and add the other.
        return self.readonly_fields if obj is None else (*self.readonly_fields, "chat", "user")


class DeletedFilter(admin.SimpleListFilter):
    title = "state"
    parameter_name = "deleted"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("no", "Said"), ("yes", "Tombstone")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Message]) -> QuerySet[Message]:
        if self.value() is None:
            return queryset
        return queryset.filter(deleted_at__isnull=self.value() == "no")


@admin.register(Message)
class MessageAdmin(PicksUsers, ModelAdmin):
    form = ContentForm
    list_display = (
        "id",
        "chat",
        "sender",
        "excerpt",
        "reaction_count",
        "timestamp",
        "edited_at",
        "deleted_at",
    )
    list_filter = (DeletedFilter, "chat__kind", ("attachment", admin.EmptyFieldListFilter), "timestamp")
    list_select_related = ("chat", "sender")
    search_fields = ("=id", "content", "chat__title", f"sender__{USERNAME}")
    search_help_text = "Id, text, title of the chat, or the sender's username"
    show_full_result_count = False  # counting millions of rows on every search costs more than it tells
    date_hierarchy = "timestamp"
    ordering = ("-id",)
    autocomplete_fields = ("chat", "reply_to")
    user_fields = ("sender",)
    fields = ("chat", "sender", "content", "attachment", "reply_to", "timestamp", "edited_at", "deleted_at")
    readonly_fields = ("timestamp", "edited_at", "deleted_at")
    actions = ("leave_tombstone",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Message]:
        counted = count_of(Reaction.objects.all(), "message")
        return super().get_queryset(request).annotate(reaction_count=counted)

    def get_readonly_fields(self, request: HttpRequest, obj: Message | None = None) -> tuple[str, ...]:
        if obj is None:
            return self.readonly_fields
        # Only the text of a message may change, and of a tombstone nothing.
        fixed = ("chat", "sender", "attachment", "reply_to", *self.readonly_fields)
        return (*fixed, "content") if obj.is_deleted else fixed

    def save_model(self, request: HttpRequest, obj: Message, form: forms.ModelForm, change: bool) -> None:
        if change and "content" in form.changed_data:
            obj.edited_at = timezone.now()
        super().save_model(request, obj, form, change)

    @admin.display(ordering="content")
    def excerpt(self, message: Message) -> str:
        return Truncator(message.content).chars(80)

    @admin.display(ordering="reaction_count", description="reactions")
    def reaction_count(self, message: Any) -> int:
        return message.reaction_count

    @admin.action(description="Delete with tombstone", permissions=["delete"])
    def leave_tombstone(self, request: HttpRequest, queryset: QuerySet[Message]) -> None:
        chosen = list(queryset.filter(deleted_at__isnull=True))
        for message in chosen:
            services.message_tombstone(message=message)
        self.message_user(request, f"{len(chosen)} messages are tombstones now.", messages.SUCCESS)


@admin.register(Reaction)
class ReactionAdmin(PicksUsers, ModelAdmin):
    list_display = ("emoji", "user", "message", "chat", "created_at")
    list_filter = ("created_at",)
    list_select_related = ("user", "message__chat")
    search_fields = ("=message__id", "=emoji", f"user__{USERNAME}")
    search_help_text = "Message's id, emoji, or username"
    show_full_result_count = False
    date_hierarchy = "created_at"
    ordering = ("-id",)
    autocomplete_fields = ("message",)
    user_fields = ("user",)
    readonly_fields = ("created_at",)

    def has_change_permission(self, request: HttpRequest, obj: Reaction | None = None) -> bool:
        return False  # put there or taken back; nothing about it changes

    @admin.display(ordering="message__chat")
    def chat(self, reaction: Reaction) -> Chat:
        return reaction.message.chat
