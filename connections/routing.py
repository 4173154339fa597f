"""WebSocket routes of connections."""

from connections.consumers import ConnectionsConsumer

websocket_urlpatterns = [ConnectionsConsumer.route()]
