from django.urls import re_path

from realtime import health

urlpatterns = [
    re_path(r"^(?:ws/health|api/v1/health|health)/?$", health.health, name="health"),
    re_path(r"^ready/?$", health.ready, name="ready"),
    re_path(r"^metrics/?$", health.prometheus, name="metrics"),
]
