"""HTTP routes: each app spells its own full paths."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="api-docs")),
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
