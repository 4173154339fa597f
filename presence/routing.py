"""WebSocket routes of presence."""

from presence.consumers import OnlineConsumer

websocket_urlpatterns = [OnlineConsumer.route()]
