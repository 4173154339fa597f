"""Connections in Django's admin. What is saved and deleted here reaches open sockets like anything else."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth import get_user_model
from django.db.models import QuerySet
from django.http import HttpRequest

from connections import selectors, services
from connections.models import Block, Connection, Request
from realtime.admin_pages import ModelAdmin, PicksUsers

USERNAME = get_user_model().USERNAME_FIELD


class PairAdmin(PicksUsers, ModelAdmin):
    """What is between two people: made and deleted; who they are never changes."""

    show_full_result_count = False  # counting millions of rows on every search costs more than it tells
    date_hierarchy = "timestamp"
    ordering = ("-id",)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # Asked without a row for the list, its actions and the search of autocomplete fields.
        return obj is None and super().has_change_permission(request, obj)


class OpenFilter(admin.SimpleListFilter):
    title = "open"
    parameter_name = "open"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "Waits for an answer"), ("no", "Closed")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Request]) -> QuerySet[Request]:
        match self.value():
            case "yes":
                return queryset.filter(status=Request.Status.PENDING)
            case "no":
                return queryset.exclude(status=Request.Status.PENDING)
        return queryset


@admin.register(Request)
class RequestAdmin(PairAdmin):
    list_display = ("id", "from_user", "to_user", "status", "timestamp", "declined_at")
    list_filter = (OpenFilter, "status", "timestamp")
    list_select_related = ("from_user", "to_user")
    search_fields = ("=id", f"from_user__{USERNAME}", f"to_user__{USERNAME}")
    search_help_text = "Id, or the username of either"
    user_fields = ("from_user", "to_user")
    fields = ("from_user", "to_user", "status", "timestamp", "declined_at")
    readonly_fields = ("status", "timestamp", "declined_at")
    actions = ("withdraw", "block_requester")

    @admin.action(description="Withdraw on the requester's behalf", permissions=["change"])
    def withdraw(self, request: HttpRequest, queryset: QuerySet[Request]) -> None:
        chosen = list(queryset.filter(status__in=Request.OPEN).select_related("from_user"))
        for row in chosen:
            services.request_withdraw(user=row.from_user, request_id=row.pk)
        self.message_user(request, f"{len(chosen)} requests are withdrawn now.", messages.SUCCESS)

    @admin.action(description="Block the requester on the recipient's behalf", permissions=["change"])
    def block_requester(self, request: HttpRequest, queryset: QuerySet[Request]) -> None:
        chosen = list(queryset.select_related("to_user"))
        for row in chosen:
            services.block_add(user=row.to_user, user_id=row.from_user_id)
        self.message_user(request, f"{len(chosen)} requesters are blocked now.", messages.SUCCESS)


class ConnectionForm(forms.ModelForm):
    """Two people who block each other are not to be connected."""

    def clean(self) -> dict[str, Any] | None:
        given = super().clean() or {}
        one, other = given.get("one"), given.get("other")
        if one and other and selectors.is_hidden(user_id=one.pk, other_id=other.pk):
            raise forms.ValidationError("One of the two blocks the other.")
        return given


@admin.register(Connection)
class ConnectionAdmin(PairAdmin):
    form = ConnectionForm
    list_display = ("id", "one", "other", "request_id", "timestamp")
    list_filter = ("timestamp", ("request", admin.EmptyFieldListFilter))
    list_select_related = ("one", "other")
    search_fields = ("=id", f"one__{USERNAME}", f"other__{USERNAME}")
    search_help_text = "Id, or the username of either"
    user_fields = ("one", "other")
    fields = ("one", "other", "timestamp")
    readonly_fields = ("timestamp",)
    actions = ("block_both_ways",)

    def save_model(self, request: HttpRequest, obj: Connection, form: Any, change: bool) -> None:
        made = services.connection_make(one_id=obj.one_id, other_id=obj.other_id)
        obj.pk = made.pk

    @admin.action(description="Block each for the other", permissions=["change"])
    def block_both_ways(self, request: HttpRequest, queryset: QuerySet[Connection]) -> None:
        chosen = list(queryset.select_related("one", "other"))
        for tie in chosen:
            services.block_add(user=tie.one, user_id=tie.other_id)
            services.block_add(user=tie.other, user_id=tie.one_id)
        self.message_user(request, f"{len(chosen)} pairs are blocked now.", messages.SUCCESS)


@admin.register(Block)
class BlockAdmin(PairAdmin):
    list_display = ("id", "user", "blocked", "timestamp")
    list_filter = ("timestamp",)
    list_select_related = ("user", "blocked")
    search_fields = ("=id", f"user__{USERNAME}", f"blocked__{USERNAME}")
    search_help_text = "Id, or the username of either"
    user_fields = ("user", "blocked")
    fields = ("user", "blocked", "timestamp")
    readonly_fields = ("timestamp",)

    def save_model(self, request: HttpRequest, obj: Block, form: Any, change: bool) -> None:
        # The service: a block also ends the tie and closes the requests.
        obj.pk, _ = services.block_add(user=obj.user, user_id=obj.blocked_id)
