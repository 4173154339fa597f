"""Paths of uploads."""

from __future__ import annotations

from django.urls import path

from uploads.api import UploadsView, UploadView

urlpatterns = [
    path("api/uploads/", UploadsView.as_view(), name="uploads"),
    path("upload/<path:path>", UploadView.as_view(), name="upload"),
]
