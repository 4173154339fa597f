"""Paths of notifications."""

from django.urls import path

from notifications import api

urlpatterns = [
    path("api/notifications/", api.NotificationsView.as_view(), name="notifications"),
    path("api/notifications/read/", api.ReadView.as_view(), name="notifications-read"),
    path("api/notifications/preferences/", api.PreferencesView.as_view(), name="notifications-preferences"),
]
