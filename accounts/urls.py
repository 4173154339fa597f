"""Paths of accounts."""

from __future__ import annotations

from django.urls import path

from accounts.api import LogoutView, MeView, RefreshView, TokenView, UsersView

urlpatterns = [
    path("api/token/", TokenView.as_view(), name="token"),
    path("api/token/refresh/", RefreshView.as_view(), name="token-refresh"),
    path("api/logout/", LogoutView.as_view(), name="logout"),
    path("api/me/", MeView.as_view(), name="me"),
    path("api/users/", UsersView.as_view(), name="users"),
]
