"""WebSocket routes: those of the apps, then the core's own."""

from chat.routing import websocket_urlpatterns as chat
from connections.routing import websocket_urlpatterns as connections
from feed.routing import websocket_urlpatterns as feed
from notifications.routing import websocket_urlpatterns as notifications
from presence.routing import websocket_urlpatterns as presence
from realtime.routing import websocket_urlpatterns as core

# The core is last: it ends with the route that answers `unknown_channel` to any other path.
websocket_urlpatterns = [*chat, *connections, *feed, *notifications, *presence, *core]
