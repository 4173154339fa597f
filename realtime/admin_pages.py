"""What admin pages of every app do alike. In a project that has Unfold they wear its looks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.apps import apps
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest

from realtime.content import clean_content
from realtime.errors import KithError

if TYPE_CHECKING or not apps.is_installed("unfold"):
    from django.contrib.admin import ModelAdmin, TabularInline
else:
    from unfold.admin import ModelAdmin, TabularInline

__all__ = ["ContentForm", "ModelAdmin", "PicksUsers", "TabularInline", "count_of"]


class PicksUsers(admin.options.BaseModelAdmin):  # type: ignore[type-arg]  # generic in its stubs alone
    """The users in ``user_fields`` are picked by typing where the project's admin can search them, else by
    their key: a user model need not be in the admin, and Django refuses to start with an autocomplete on one
    that is not."""

    user_fields: tuple[str, ...] = ()

    def get_autocomplete_fields(self, request: HttpRequest) -> tuple[str, ...]:
        return (*self.autocomplete_fields, *(self.user_fields if self._searched() else ()))

    @property
    def raw_id_fields(self) -> tuple[str, ...]:  # type: ignore[override]  # a plain attribute in Django
        return () if self._searched() else self.user_fields

    def _searched(self) -> bool:
        users = self.admin_site._registry.get(get_user_model())
        return users is not None and bool(users.search_fields)


class ContentForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in its stubs alone
    """Text by the rule of PROTOCOL §5, also when typed here."""

    def clean_content(self) -> str:
        try:
            return clean_content(self.cleaned_data["content"])
        except KithError as error:
            raise forms.ValidationError(error.message) from error


def count_of(rows: QuerySet[Any], owner: str, *, key: str = "pk") -> Coalesce:
    """How many of ``rows`` have as ``owner`` what this one has as ``key``: a subquery, which is run for the
    page's rows alone."""
    mine = rows.filter(**{owner: OuterRef(key)}).order_by().values(owner)
    return Coalesce(Subquery(mine.annotate(number=Count("pk")).values("number")), 0)
