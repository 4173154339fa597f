"""Paths of presence."""

from django.urls import path

from presence import api

urlpatterns = [path("api/presence/", api.PresenceView.as_view(), name="presence")]
