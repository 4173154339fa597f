"""HTTP routes: each app spells its own full paths."""

from django.contrib import admin
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView

from project.page import page

urlpatterns = [
    path("", page, name="page"),
    path("admin/", admin.site.urls),
    path("api/schema/", SpectacularAPIView.as_view(), name="api-schema"),
    path("api/docs/", SpectacularSwaggerView.as_view(url_name="api-schema"), name="api-docs"),
    path("", include("accounts.urls")),
    path("", include("uploads.urls")),
    path("", include("connections.urls")),
    path("", include("notifications.urls")),
    path("", include("presence.urls")),
    path("", include("chat.urls")),
    path("", include("feed.urls")),
    path("", include("realtime.urls")),
]
