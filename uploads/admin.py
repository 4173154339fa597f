"""Uploads in the admin: who stored what, how large, and away with it (the file goes with its row)."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth import get_user_model
from django.http import Http404, HttpRequest, HttpResponseBase
from django.template.defaultfilters import filesizeformat
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from realtime.admin_pages import ModelAdmin
from uploads.models import Upload
from uploads.serving import upload_response


@admin.register(Upload)
class UploadAdmin(ModelAdmin):
    list_display = ("path", "owner", "content_type", "readable_size", "created_at", "link")
    list_filter = ("content_type", "created_at")
    list_select_related = ("owner",)
    search_fields = ("path", f"owner__{get_user_model().USERNAME_FIELD}")
    date_hierarchy = "created_at"
    readonly_fields = ("path", "owner", "content_type", "readable_size", "created_at", "link")
    fields = readonly_fields
    show_full_result_count = False

    @admin.display(description="size", ordering="size")
    def readable_size(self, upload: Upload) -> str:
        return filesizeformat(upload.size)

    @admin.display(description="file")
    def link(self, upload: Upload) -> SafeString:
        url = reverse("admin:kith_uploads_upload_file", args=[upload.pk])
        return format_html('<a href="{}">open</a>', url)

    def has_add_permission(self, *_: Any) -> bool:
        return False  # a file is stored through the API, which looks at its content

    def has_change_permission(self, *_: Any, **__: Any) -> bool:
        return False  # messages name the path, and players rely on the size

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.file_view)
        return [path("<int:upload_id>/file/", view, name="kith_uploads_upload_file"), *super().get_urls()]

    def file_view(self, request: HttpRequest, upload_id: int) -> HttpResponseBase:
        """The file for a moderator, to whom `/upload/files/…` says 404 unless it is shared with them."""
        upload = self.get_object(request, str(upload_id))
        if upload is None or not self.has_view_permission(request, upload):
            raise Http404
        return upload_response(upload=upload, range_header=request.headers.get("Range", ""))
