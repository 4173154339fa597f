"""Routes of the core; they come last, because the second takes every path."""

from django.urls import re_path

from realtime.consumers import MultiplexConsumer, UnknownChannelConsumer

websocket_urlpatterns = [
    re_path(r"^ws/?$", MultiplexConsumer.as_asgi()),
    re_path(r"", UnknownChannelConsumer.as_asgi()),
]
