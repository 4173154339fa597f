"""WebSocket routes: those of the apps, then the core's own."""

from chat.routing import websocket_urlpatterns as chat
from realtime.routing import websocket_urlpatterns as core

# The core is last: it ends with the route that answers `unknown_channel` to any other path.
websocket_urlpatterns = [*chat, *core]
