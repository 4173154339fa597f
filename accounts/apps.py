"""The accounts app: signing in and out by REST, and finding people. It has no tables of its own."""

from __future__ import annotations

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"
    label = "kith_accounts"  # never clashes with a project's own `accounts`
    verbose_name = "Accounts"
