"""What admin pages of every app do alike."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest

from realtime.content import clean_content
from realtime.errors import KithError


class PicksUsers(admin.options.BaseModelAdmin):  # type: ignore[type-arg]  # generic in its stubs alone
    """Users are picked by typing where the project's admin can search them, else by their key: a user
    model need not be in the admin, and Django refuses to start with an autocomplete on one that is not."""

    def get_autocomplete_fields(self, request: HttpRequest) -> tuple[str, ...]:
        users = self.admin_site._registry.get(get_user_model())
        searched = users is not None and users.get_search_fields(request)
        return (*self.autocomplete_fields, *(self.raw_id_fields if searched else ()))


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
