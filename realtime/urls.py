from django.urls import re_path

from realtime import fallback, health, posting

urlpatterns = [
    re_path(r"^api/events/?$", fallback.poll, name="events"),
    re_path(r"^api/events/stream/?$", fallback.stream, name="events-stream"),
    re_path(r"^api/commands/?$", posting.command, name="commands"),
    re_path(r"^(?:ws/health|api/v1/health|health)/?$", health.health, name="health"),
    re_path(r"^ready/?$", health.ready, name="ready"),
    re_path(r"^metrics/?$", health.prometheus, name="metrics"),
]
