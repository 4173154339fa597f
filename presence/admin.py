"""Presence in Django's admin: to look at, and to delete at a user's wish."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth import get_user_model
from django.http import HttpRequest

from presence.models import LastSeen
from realtime.admin_pages import ModelAdmin


@admin.register(LastSeen)
class LastSeenAdmin(ModelAdmin):
    list_display = ("user", "at")
    list_filter = ("at",)
    list_select_related = ("user",)
    search_fields = (f"user__{get_user_model().USERNAME_FIELD}",)
    search_help_text = "Username"
    show_full_result_count = False  # counting millions of rows on every search costs more than it tells
    date_hierarchy = "at"
    ordering = ("-at",)
    fields = readonly_fields = ("user", "at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
