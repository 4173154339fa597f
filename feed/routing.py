"""WebSocket routes of feed."""

from feed.consumers import FeedConsumer

websocket_urlpatterns = [FeedConsumer.route()]
